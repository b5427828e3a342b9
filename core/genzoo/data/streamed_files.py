"""Rows of files that hold several each, decoded when they are asked for.

How many each file holds is counted once. After that a row is a file and a number in it, and the
files that were decoded last are kept at hand: rows come file by file, a few files at a time.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genzoo.data.cache_writer import Tally, labels_of, no_rows, notes_of
from genzoo.data.content_digests import remembered
from genzoo.data.decoder_pool import decode_all
from genzoo.data.decoding import attempt, quiet_decoding
from genzoo.data.fingerprint import fingerprint
from genzoo.data.row_files import check_indices
from genzoo.data.streamed_rows import StreamedRows
from genzoo.errors import DataError
from genzoo.interfaces.data_source import Blocks, FileSource, Labels
from genzoo.interfaces.decoded import Decoded
from genzoo.interfaces.kind import Kind

LOOK = 32
"""Files that are looked at to see whether files hold several rows."""

AT_HAND = 2**27
"""Bytes of decoded rows that may be mixed; twice as many are kept at hand."""


@dataclass(frozen=True)
class Counted:
    """What is known of files that hold several rows each.

    Attributes:
        counts: (number of files,) rows of each; 0 of one that cannot be read.
        labels: Of the rows.
        notes: Sentences worth telling the user.
    """

    counts: NDArray[np.int64]
    labels: Labels
    notes: tuple[str, ...]


def count_rows(
    source: FileSource, kind: Kind, cache: Path, decoded: Callable[[int, int], None]
) -> Counted | None:
    """How many rows each file holds, remembered for as long as the content is the same.

    Args:
        source: The files.
        kind: What they hold, no option left open.
        cache: The cache's folder.
        decoded: Hears how many files are looked through, and their total.

    Returns:
        None where the first of them hold one each: those are streamed without a look at all.

    Raises:
        DataError: None of them can be read.
    """
    if kind.one_per_file:
        return None
    facts = ["rows of files", fingerprint(source.identity, kind)]
    found = json.loads(remembered(facts, cache, lambda: _counted(source, kind, decoded)))
    if found is None:
        return None
    values = None if found["labels"] is None else np.array(found["labels"], np.int64)
    labels = Labels(values, tuple(found["classes"]))
    return Counted(np.array(found["counts"], np.int64), labels, tuple(found["notes"]))


def _counted(source: FileSource, kind: Kind, decoded: Callable[[int, int], None]) -> str:
    if not _hold_several(source, kind):
        return json.dumps(None)
    tally, total = Tally(), len(source)
    for position, outcome in enumerate(decode_all(source.encoded, total, kind)):
        tally.add(position, outcome)
        decoded(position + 1, total)
    if not tally.kept:
        raise no_rows(source, tally, kind)
    labels = labels_of(source, tally, kind)
    found = {
        "counts": np.bincount(tally.kept, minlength=total).tolist(),
        "labels": None if labels.values is None else labels.values.tolist(),
        "classes": labels.classes,
        "notes": [*labels.notes, *notes_of(source, tally, kind)],
    }
    return json.dumps(found)


def _hold_several(source: FileSource, kind: Kind) -> bool:
    with quiet_decoding():
        first = (attempt(kind, source.encoded(each)) for each in range(min(LOOK, len(source))))
        return any(isinstance(each, Decoded) and len(each.rows) != 1 for each in first)


class StreamedFiles(StreamedRows):
    """The rows of a source whose files hold several each; see `Rows`.

    Args:
        source: The files.
        kind: What they hold, no option left open.
        counts: (number of files,) rows of each.
        window: Files that are mixed at a time, at least; more where they are small.

    Attributes:
        blocks: The files, or None where all of them are mixed.
    """

    def __init__(
        self, source: FileSource, kind: Kind, counts: NDArray[np.int64], window: int
    ) -> None:
        super().__init__(source, kind, None, lambda text: None)
        self._counts = counts
        self._ends = np.cumsum(counts)
        self.shape = (int(self._ends[-1]), *kind.layout.shape)
        lengths = counts[counts > 0]
        row = math.prod(kind.layout.shape) * np.dtype(kind.layout.dtype).itemsize
        window = max(window, int(AT_HAND / max(1.0, float(lengths.mean()) * row)))
        all_at_once = window >= len(lengths)
        self.blocks = None if all_at_once else Blocks(tuple(lengths.tolist()), window)
        self._room = 2 * window
        self._held: OrderedDict[int, NDArray[np.generic]] = OrderedDict()
        self._reading = Lock()

    def read(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        """See `Rows.read`."""
        check_indices(indices, len(self))
        rows = np.empty((len(indices), *self.shape[1:]), self._kind.layout.dtype)
        files = np.searchsorted(self._ends, indices, side="right")
        numbers = indices - (self._ends - self._counts)[files]
        with self._reading:
            for file, content in self._contents(np.unique(files).tolist()):
                wanted = files == file
                rows[wanted] = content[numbers[wanted]]
        return rows

    def prepare(self, blocks: Sequence[int]) -> None:
        """Nothing has to be fetched."""

    def _contents(self, files: list[int]) -> Iterator[tuple[int, NDArray[np.generic]]]:
        """All rows of each of the files; those that are at hand first."""
        missing = [file for file in files if file not in self._held]
        for file in files:
            if file in self._held:
                self._held.move_to_end(file)
                yield file, self._held[file]
        for start in range(0, len(missing), self._room):
            group = missing[start : start + self._room]
            for file, outcome in zip(group, self._decode(group), strict=True):
                if not isinstance(outcome, Decoded) or len(outcome.rows) != self._counts[file]:
                    raise DataError(
                        f"'{self._source.name_at(file)}' was changed since its "
                        f"{self._kind.array} were counted.",
                        "Run the command again, or put it back as it was.",
                    )
                self._held[file] = outcome.rows
                if len(self._held) > self._room:
                    self._held.popitem(last=False)
                yield file, outcome.rows
