"""Writing one cache entry: images one after the other, then labels, then what was noticed."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from genzoo.data.decode import Decoded, DecodeSettings
from genzoo.data.notes import images, listing, with_reasons
from genzoo.data.source import Outcome, Progress, Source
from genzoo.errors import DataError


@dataclass
class Tally:
    """What became of the images of a source."""

    kept: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    cropped: int = 0
    enlarged: int = 0

    def add(self, position: int, outcome: Outcome) -> None:
        """Count the outcome of the image at `position`."""
        if isinstance(outcome, Decoded):
            self.kept.append(position)
            self.cropped += outcome.cropped
            self.enlarged += outcome.enlarged
        else:
            self.failed[position] = str(outcome)


def build_entry(
    folder: Path, source: Source, settings: DecodeSettings, progress: Progress | None
) -> None:
    """Decode `source` into `folder`.

    Raises:
        DataError: No image can be decoded.
        OSError: The files cannot be written.
    """
    shape = (settings.size, settings.size, settings.channels)
    with (folder / "images.npy").open("wb") as file:
        _write_header(file, 0, shape)
        tally = _write_images(file, source, settings, progress)
        _write_header(file, len(tally.kept), shape)
    if not tally.kept:
        raise _nothing_left(source, tally)
    labels = source.labels(tally.kept)
    if labels.values is not None:
        with (folder / "labels.npy").open("wb") as file:
            np.save(file, labels.values)
    meta = {
        "name": source.name,
        "shape": [len(tally.kept), *shape],
        "labelled": labels.values is not None,
        "classes": labels.classes,
        "notes": [*labels.notes, *_notes(source, tally, settings)],
    }
    with (folder / "meta.json").open("wb") as file:
        file.write(json.dumps(meta, indent=1).encode())


def _write_images(
    file: BinaryIO, source: Source, settings: DecodeSettings, progress: Progress | None
) -> Tally:
    tally = Tally()
    total = len(source.names())
    # Closing ends the processes that decode, should writing fail.
    with closing(source.outcomes(settings)) as outcomes:
        for position, outcome in enumerate(outcomes):
            if isinstance(outcome, Decoded):
                file.write(np.ascontiguousarray(outcome.pixels).data)
            tally.add(position, outcome)
            if progress is not None:
                progress(position + 1, total)
    return tally


def _write_header(file: BinaryIO, count: int, shape: tuple[int, int, int]) -> None:
    """The .npy header for `count` images; numpy pads it so that any count takes the same room."""
    file.seek(0)
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
    npy.write_array_header_1_0(file, header)


def _notes(source: Source, tally: Tally, settings: DecodeSettings) -> list[str]:
    notes = []
    if tally.failed:
        notes.append(
            listing(
                "Skipped 1 file that cannot be read as an image",
                "Skipped {} files that cannot be read as images",
                _named(source, tally),
            )
        )
    if tally.cropped:
        notes.append(f"Cropped {images(tally.cropped)} to the middle square.")
    if tally.enlarged:
        notes.append(f"Enlarged {images(tally.enlarged)} smaller than {settings.size} pixels.")
    return notes


def _named(source: Source, tally: Tally) -> list[str]:
    names = source.names()
    return with_reasons({names[position]: reason for position, reason in tally.failed.items()})


def _nothing_left(source: Source, tally: Tally) -> DataError:
    failed = listing("its only file is", "tried {} files", _named(source, tally))
    return DataError(
        f"No image in '{source.name}' can be read; {failed}",
        "Give a folder with PNG, JPEG or WebP files.",
    )
