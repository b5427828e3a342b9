"""Batches of work, divided among the processes of a group.

Batch b is of process b mod N, and batches are cut as one process alone cuts them: a network sees
the very same rows together, so results are the same bit for bit however many processes there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genzoo.distributed.process_group import ProcessGroup

Make = Callable[[range], NDArray[Any]]
"""Makes the rows of those numbers, (n, ...); of one shape and type for all batches."""


def batches(count: int, size: int) -> Iterator[range]:
    """The numbers below `count` in batches of `size`, the last one of what is left."""
    return (range(first, min(first + size, count)) for first in range(0, count, size))


def own_batches(processes: ProcessGroup, count: int, size: int) -> Iterator[range]:
    """Those batches that are this process's turn."""
    return (
        numbers
        for turn, numbers in enumerate(batches(count, size))
        if turn % processes.size == processes.rank
    )


def in_order(processes: ProcessGroup, make: Make, count: int, size: int) -> Iterator[NDArray[Any]]:
    """Have the processes make the batches, and give them all, in order, in rank 0.

    Every process must exhaust it; in those that do not lead it gives nothing. No process holds
    more than two batches.

    Args:
        processes: The processes.
        make: Makes a batch; called for this process's own.
        count: Number of rows.
        size: Rows in a batch.

    Raises:
        ProcessGroupError: Another process has ended.
    """
    for turn, numbers in enumerate(batches(count, size)):
        maker = turn % processes.size
        if processes.is_main:
            if maker == 0:
                like = rows = make(numbers)
            else:
                rows = _received(processes, (len(numbers), *like.shape[1:]), like.dtype, maker)
            yield rows
        elif maker == processes.rank:
            processes.send(torch.from_numpy(_bytes(make(numbers))))


def drain(pieces: Iterator[NDArray[Any]]) -> None:
    """Do this process's part of `in_order`, which gives nothing in processes that do not lead."""
    for _ in pieces:
        pass


def _received(
    processes: ProcessGroup, shape: tuple[int, ...], dtype: np.dtype[Any], sender: int
) -> NDArray[Any]:
    rows = np.empty(shape, dtype)
    processes.receive_(torch.from_numpy(_bytes(rows)), sender)
    return rows


def _bytes(rows: NDArray[Any]) -> NDArray[np.uint8]:
    """The memory of `rows`, whatever their type is: torch does not know all of numpy's."""
    return np.ascontiguousarray(rows).reshape(-1).view(np.uint8)
