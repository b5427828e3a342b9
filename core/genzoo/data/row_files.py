"""Rows that are not held in memory, read by number."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from genzoo.errors import DataError

LARGE = 2**29
"""Bytes of rows from which they are read from their file instead of mapped: pages of a map count
as the process's own memory until the system takes them back, which it does late."""

DEPTH = 8
"""Rows that are read at once: a disk gives three times as many a second as one by one."""


class Rows(Protocol):
    """Rows of one shape and type. Reading is safe in several threads at once."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, *layout.shape)."""
        ...

    def __len__(self) -> int: ...

    def read(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        """The rows at `indices`, (n, *layout.shape), C-contiguous.

        Raises:
            DataError: They cannot be read.
            IndexError: There is no such row.
        """
        ...


@runtime_checkable
class BlockRows(Protocol):
    """Rows that come in blocks."""

    def prepare(self, blocks: Sequence[int]) -> None:
        """Announce the blocks that are needed from now on, those needed first to begin with."""
        ...


class FileRows:
    """Rows of an array file, read at their positions.

    What is read stays in the system's page cache where there is room, and the process itself does
    not grow.

    Args:
        mapped: The whole file, as `numpy.load` maps it.
    """

    def __init__(self, mapped: np.memmap[Any, Any]) -> None:
        self.shape = mapped.shape
        self._dtype = mapped.dtype
        self._offset = mapped.offset
        self.filename = Path(str(mapped.filename))
        self._threads = ThreadPoolExecutor(DEPTH, "genzoo-rows")
        # Kept open: the file may be removed from its folder while it is in use.
        self._file = os.open(self.filename, os.O_RDONLY)
        finalize(self, os.close, self._file)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_RANDOM)

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        """See `Rows.read`."""
        check_indices(indices, len(self))
        rows = np.empty((len(indices), *self.shape[1:]), self._dtype)
        room = rows.reshape(len(indices), math.prod(self.shape[1:])).view(np.uint8)
        shares = [slice(first, None, DEPTH) for first in range(DEPTH)]
        # What is raised in one of the threads is raised here.
        for _ in self._threads.map(lambda each: self._read(indices[each], room[each]), shares):
            pass
        return rows

    def _read(self, indices: NDArray[np.int64], room: NDArray[np.uint8]) -> None:
        for row, index in zip(room, indices.tolist(), strict=True):
            self._fill(row.data, self._offset + index * len(row))

    def _fill(self, buffer: memoryview, position: int) -> None:
        while buffer:
            try:
                count = os.preadv(self._file, [buffer], position)
            except OSError as error:
                raise self._unreadable(error.strerror or str(error)) from error
            if count == 0:
                raise self._unreadable("it has been cut short")
            buffer, position = buffer[count:], position + count

    def _unreadable(self, reason: str) -> DataError:
        return DataError(
            f"Decoded samples cannot be read from '{self.filename}': {reason}.",
            "Run the command again; where a disk is failing, set GENZOO_CACHE to another.",
        )


def check_indices(indices: NDArray[np.int64], count: int) -> None:
    """Raise IndexError unless all indices are those of `count` rows."""
    if len(indices) and (indices.min() < 0 or indices.max() >= count):
        raise IndexError(f"an index out of range for {count} samples")


def readable(rows: NDArray[Any] | Rows) -> NDArray[Any] | Rows:
    """`rows`, as what is best read from: large maps as `FileRows`, where the system has a way."""
    large = isinstance(rows, np.memmap) and rows.nbytes > LARGE
    if large and isinstance(rows, np.memmap) and hasattr(os, "preadv"):
        return FileRows(rows)
    return rows
