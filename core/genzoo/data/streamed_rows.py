"""Rows that are decoded when they are asked for."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genzoo.data.decoder_pool import Decoders, cores
from genzoo.data.decoding import attempt
from genzoo.data.row_files import check_indices
from genzoo.errors import DataError
from genzoo.interfaces.data_source import FileSource, Outcome
from genzoo.interfaces.decoded import Decoded
from genzoo.interfaces.kind import Kind

TRIES = 100
"""Samples that are tried in place of one that cannot be read."""


class StreamedRows:
    """The samples of a source, decoded on all cores each time; see `Rows`.

    A sample that cannot be read is replaced by the next one of its class that can, so row i is a
    function of the data alone. The first time, that is told.

    Args:
        source: Where they come from.
        kind: What they are, no option left open.
        labels: (N,) classes, or None.
        note: Hears of samples that cannot be read.
    """

    def __init__(
        self,
        source: FileSource,
        kind: Kind,
        labels: NDArray[np.int64] | None,
        note: Callable[[str], None],
    ) -> None:
        self.shape = (len(source), *kind.layout.shape)
        self._source = source
        self._kind = kind
        self._labels = labels
        self._note = note
        self._replaced: dict[int, int] = {}
        self._starting = Lock()
        self._started: Decoders | None = None

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        """See `Rows.read`."""
        check_indices(indices, len(self))
        wanted = [self._replaced.get(index, index) for index in indices.tolist()]
        rows = np.empty((len(wanted), *self.shape[1:]), self._kind.layout.dtype)
        for number, outcome in enumerate(self._decode(wanted)):
            rows[number] = self._row(wanted[number], outcome)
        return rows

    def prepare(self, blocks: Sequence[int]) -> None:
        """See `BlockRows.prepare`."""
        self._source.prepare(blocks)

    def _row(self, position: int, outcome: Outcome) -> NDArray[np.generic]:
        if not isinstance(outcome, Decoded):
            return self._replacement(position, outcome)
        if len(outcome.rows) != 1:
            raise DataError(
                f"'{self._source.name_at(position)}' holds {len(outcome.rows)} "
                f"{self._kind.array}, and streaming takes one from each file.",
                "Leave --stream out.",
            )
        return outcome.rows[0]

    def _replacement(self, position: int, reason: Exception) -> NDArray[np.generic]:
        name = self._source.name_at
        for other in islice(self._following(position), TRIES):
            (outcome,) = self._decode([other])
            if isinstance(outcome, Decoded):
                if position not in self._replaced:
                    self._note(
                        f"'{name(position)}' cannot be read ({reason}): "
                        f"'{name(other)}' takes its place."
                    )
                self._replaced[position] = other
                return self._row(other, outcome)
        raise DataError(
            f"'{name(position)}' cannot be read ({reason}), and nothing like it after it can.",
            "Check the data, or leave --stream out to have all of it looked through.",
        )

    def _following(self, position: int) -> Iterator[int]:
        """What comes after it in its class, then from the start; its own block goes first."""
        if self._labels is None:
            alike = np.arange(len(self))
        else:
            alike = np.flatnonzero(self._labels == self._labels[position])
        start = int(np.searchsorted(alike, position))
        following = np.concatenate([alike[start + 1 :], alike[:start]])
        near = self._in_block_of(position, following)
        yield from map(int, following[near])
        yield from map(int, following[~near])

    def _in_block_of(self, position: int, others: NDArray[np.int64]) -> NDArray[np.bool_]:
        blocks = self._source.blocks
        if blocks is None:
            return np.ones(len(others), np.bool_)
        ends = np.cumsum(blocks.lengths)
        block = int(np.searchsorted(ends, position, side="right"))
        return (others >= ends[block] - blocks.lengths[block]) & (others < ends[block])

    def _decode(self, positions: list[int]) -> Iterator[Outcome]:
        decoders = self._decoders()
        if not decoders.count:
            yield from (attempt(self._kind, self._source.encoded(each)) for each in positions)
            return
        size = max(1, math.ceil(len(positions) / decoders.count / 2))
        pieces = [positions[start : start + size] for start in range(0, len(positions), size)]
        for piece in [decoders.submit(piece) for piece in pieces]:
            yield from piece.result()

    def _decoders(self) -> Decoders:
        with self._starting:
            if self._started is None:
                self._started = Decoders(self._source.encoded, self._kind, _share_of_cores())
            return self._started


def _share_of_cores() -> int:
    """Cores for this process where torchrun has started several on the machine, at least one."""
    return max(1, cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
