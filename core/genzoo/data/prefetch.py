"""Reading the next batch while the current one is computed with."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genzoo.data.row_files import Rows


@dataclass(frozen=True)
class _Reading:
    indices: NDArray[np.int64]
    rows: Future[NDArray[Any]]


class ReadAhead:
    """Reads from `rows`, what was announced in a thread of its own.

    Only reading is done there, which waits for disks and other processes. Computing in a second
    thread would take the cores from the networks.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._reading: _Reading | None = None

    def expect(self, indices: NDArray[np.int64]) -> None:
        """Begin to read the rows at `indices`, in place of what was announced before."""
        self._reading = _Reading(indices, self._thread.submit(self._rows.read, indices))

    def read(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        """The rows at `indices`, announced or not; see `Rows.read`."""
        reading = self._reading
        if reading is None or not np.array_equal(reading.indices, indices):
            return self._rows.read(indices)
        self._reading = None
        return reading.rows.result()

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, "genzoo-data")
