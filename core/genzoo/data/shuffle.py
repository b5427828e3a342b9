"""In which order samples are taken: a function of a random stream alone.

Samples that lie where any of them is quickly reached are permuted as a whole. Those that come in
blocks from afar, such as shards, are permuted block by block: blocks in random order, some of them,
the window, at a time, and the samples of a window among themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from genzoo.interfaces.data_source import Blocks


@dataclass(frozen=True, eq=False)
class Order:
    """An order of all samples.

    Attributes:
        indices: (N,) int64, a permutation.
        windows: The blocks that are needed at a time, in order.
        ends: (len(windows),) int64, how many samples have been taken when each is used up.
    """

    indices: NDArray[np.int64]
    windows: tuple[tuple[int, ...], ...] = ()
    ends: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def blocks_from(self, offset: int, then: tuple[int, ...] = ()) -> tuple[int, ...]:
        """The blocks of the window that sample `offset` of the order is of, and of the next.

        Args:
            offset: Place in the order.
            then: Blocks of the window that follows the last one.
        """
        now = int(np.searchsorted(self.ends, offset, side="right"))
        return tuple(chain(*(*self.windows, then)[now : now + 2]))


def shuffled(count: int, blocks: Blocks | None, random: np.random.Generator) -> Order:
    """A random order of `count` samples, which may lie in blocks."""
    if blocks is None:
        return Order(random.permutation(count))
    numbers = random.permutation(len(blocks.lengths)).tolist()
    windows = [
        tuple(numbers[first : first + blocks.window])
        for first in range(0, len(numbers), blocks.window)
    ]
    starts = np.concatenate([[0], np.cumsum(blocks.lengths)]).astype(np.int64)
    pieces = [_mixed(window, starts, random) for window in windows]
    ends = np.cumsum([len(piece) for piece in pieces]).astype(np.int64)
    return Order(np.concatenate(pieces), tuple(windows), ends)


def _mixed(
    window: tuple[int, ...], starts: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.int64]:
    samples = [np.arange(starts[block], starts[block + 1], dtype=np.int64) for block in window]
    return random.permutation(np.concatenate(samples))
