"""Writing one cache entry: rows one after the other, then labels, then what was noticed."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from genzoo.data.class_folders import numbered_labels
from genzoo.data.data_notes import counted, endings, listing, printable, with_article, with_reasons
from genzoo.data.decoder_pool import decode_all
from genzoo.errors import DataError
from genzoo.interfaces.data_source import (
    DataSource,
    DecodedSource,
    FileSource,
    Labels,
    Outcome,
    Outcomes,
)
from genzoo.interfaces.decoded import Decoded, Layout
from genzoo.interfaces.kind import Kind


@dataclass
class Tally:
    """What became of the files or entries of a source.

    Attributes:
        kept: For each row, the position of the file or entry it came from.
        failed: Reasons by position.
        remarks: What was done to how many rows.
        counts: What else was counted.
        labels: For each row that says its class itself, the number of that.
        classes: Numbers of those classes, in the order in which they were met.
    """

    kept: array[int] = field(default_factory=lambda: array("q"))
    failed: dict[int, str] = field(default_factory=dict)
    remarks: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    labels: array[int] = field(default_factory=lambda: array("q"))
    classes: dict[str, int] = field(default_factory=dict)

    def add(self, position: int, outcome: Outcome) -> None:
        """Count the outcome of the file or entry at `position`."""
        if isinstance(outcome, Decoded):
            self.kept.extend(repeat(position, len(outcome.rows)))
            for label in map(printable, outcome.labels):
                self.labels.append(self.classes.setdefault(label, len(self.classes)))
            for remark in outcome.remarks:
                self.remarks[remark] += len(outcome.rows)
            self.counts.update(outcome.counts)
        else:
            self.failed[position] = str(outcome)


def build_entry(
    folder: Path, source: DataSource, kind: Kind, decoded: Callable[[int, int], None]
) -> None:
    """Decode `source` into `folder`.

    Raises:
        DataError: Nothing can be decoded.
        OSError: The files cannot be written.
    """
    layout = kind.layout
    with (folder / "rows.npy").open("wb") as file:
        _write_header(file, 0, layout)
        tally = _write_rows(file, source, kind, decoded)
        _write_header(file, len(tally.kept), layout)
    if not tally.kept:
        raise no_rows(source, tally, kind)
    labels = labels_of(source, tally, kind)
    if labels.values is not None:
        with (folder / "labels.npy").open("wb") as file:
            np.save(file, labels.values)
    meta = {
        "name": source.name,
        "shape": [len(tally.kept), *layout.shape],
        "dtype": layout.dtype,
        "labelled": labels.values is not None,
        "classes": labels.classes,
        "notes": [*labels.notes, *notes_of(source, tally, kind)],
    }
    with (folder / "meta.json").open("wb") as file:
        file.write(json.dumps(meta, indent=1).encode())


def labels_of(source: DataSource, tally: Tally, kind: Kind) -> Labels:
    """Those that the rows say themselves, else those of the source."""
    said, count = len(tally.labels), len(tally.kept)
    if not said:
        return source.labels(tally.kept)
    if said < count:
        note = f"No labels: {count - said} of {count} {kind.array} do not say their class."
        return Labels(None, (), (note,))
    return numbered_labels(np.array(tally.labels, np.int64), tally.classes)


def _write_rows(
    file: BinaryIO, source: DataSource, kind: Kind, decoded: Callable[[int, int], None]
) -> Tally:
    tally = Tally()
    total = len(source)
    # Closing ends the processes that decode, should writing fail.
    with closing(_outcomes(source, kind)) as outcomes:
        for position, outcome in enumerate(outcomes):
            if isinstance(outcome, Decoded):
                file.write(np.ascontiguousarray(outcome.rows).data)
            tally.add(position, outcome)
            decoded(position + 1, total)
    return tally


def _outcomes(source: DataSource, kind: Kind) -> Outcomes:
    """Each file or entry in order, decoded, or why it could not be."""
    if isinstance(source, DecodedSource):
        return source.outcomes(kind)
    if isinstance(source, FileSource):
        return decode_all(source.encoded, len(source), kind)
    raise TypeError(f"{type(source).__name__} is neither a FileSource nor a DecodedSource")


def _write_header(file: BinaryIO, count: int, layout: Layout) -> None:
    """The .npy header for `count` rows; numpy pads it so that any count takes the same room."""
    file.seek(0)
    description = npy.dtype_to_descr(np.dtype(layout.dtype))
    header = {"descr": description, "fortran_order": False, "shape": (count, *layout.shape)}
    npy.write_array_header_1_0(file, header)


def notes_of(source: DataSource, tally: Tally, kind: Kind) -> list[str]:
    """Sentences on what was skipped, and what was done to the rows."""
    notes = []
    if tally.failed:
        notes.append(
            listing(
                f"Skipped 1 file that cannot be read as {with_article(kind.noun)}",
                f"Skipped {{}} files that cannot be read as {kind.array}",
                _named(source, tally),
            )
        )
    for remark, count in sorted(tally.remarks.items()):
        notes.append(remark.replace("{}", counted(count, kind)))
    notes += [told.replace("{}", f"{count:,}") for told, count in sorted(tally.counts.items())]
    return notes


def _named(source: DataSource, tally: Tally) -> list[str]:
    names = source.names()
    return with_reasons({names[position]: reason for position, reason in tally.failed.items()})


def no_rows(source: DataSource, tally: Tally, kind: Kind) -> DataError:
    """The error that none of the files or entries can be decoded."""
    failed = listing("its only file is", "tried {} files", _named(source, tally))
    return DataError(
        f"No {kind.noun} in '{source.name}' can be read; {failed}",
        f"Give a folder with {endings(kind)} files." if kind.reads else "Give an .npz file.",
    )
