"""From positions in training to batches of samples."""

from __future__ import annotations

import time
import warnings
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo.data.prefetch import ReadAhead
from genzoo.data.row_files import Rows
from genzoo.data.shuffle import Order, shuffled
from genzoo.interfaces.data_source import Blocks
from genzoo.interfaces.kind import Kind
from genzoo.interfaces.noise import derive_seed
from genzoo.specs import SampleSpec


class BatchStream:
    """An endless sequence of samples: one seeded order of the data after another.

    Sample number s is entry s % count of the order of epoch s // count, so the position alone says
    what comes next and a resumed run needs nothing else.

    Args:
        count: Number of samples in the data.
        seed: The run's seed.
        blocks: How the samples lie, if they come in blocks.

    Raises:
        ValueError: `count` is not positive.
    """

    def __init__(self, count: int, seed: int, blocks: Blocks | None = None) -> None:
        if count < 1:
            raise ValueError("a stream needs at least one sample")
        self.count = count
        self.seed = seed
        self._blocks = blocks
        self._orders: OrderedDict[int, Order] = OrderedDict()

    def take(self, start: int, count: int) -> NDArray[np.int64]:
        """Indices of the samples numbered `start` to `start + count`, (count,); may span epochs."""
        pieces = []
        while count > 0:
            epoch, offset = divmod(start, self.count)
            piece = self._order(epoch).indices[offset : offset + count]
            pieces.append(piece)
            start, count = start + len(piece), count - len(piece)
        return np.concatenate(pieces) if pieces else np.empty(0, np.int64)

    def blocks_from(self, start: int) -> tuple[int, ...]:
        """The blocks of the window that sample `start` is in, and of the next; none without."""
        if self._blocks is None:
            return ()
        epoch, offset = divmod(start, self.count)
        order = self._order(epoch)
        # The next epoch's order is made no sooner than it is needed.
        last = offset >= order.ends[-2] if len(order.ends) > 1 else True
        then = self._order(epoch + 1).windows[0] if last else ()
        return order.blocks_from(offset, then)

    def _order(self, epoch: int) -> Order:
        if epoch not in self._orders:
            seed = derive_seed(self.seed, "data", epoch)
            random = np.random.Generator(np.random.PCG64(seed))
            self._orders[epoch] = shuffled(self.count, self._blocks, random)
            if len(self._orders) > 2:
                self._orders.popitem(last=False)
        return self._orders[epoch]


class Gather:
    """Rows by number, as samples.

    Args:
        kind: What they are.
        rows: (N, *layout.shape) of the kind's layout, C-contiguous.
        labels: (N,) int64 or None.
    """

    def __init__(
        self, kind: Kind, rows: NDArray[Any] | Rows, labels: NDArray[np.int64] | None
    ) -> None:
        self._kind = kind
        self._shape = rows.shape[1:]
        self._rows = _InMemory(rows) if isinstance(rows, np.ndarray) else ReadAhead(rows)
        self._labels = None if labels is None else _shared(labels)
        self.seconds = 0.0
        """Time spent on reading rows, which come from a disk where the cache is cold."""

    def __call__(
        self,
        indices: NDArray[np.int64] | Tensor,
        spec: SampleSpec,
        device: torch.device | str = "cpu",
    ) -> tuple[Tensor, Tensor | None]:
        """See `Dataset.batch`."""
        wanted = torch.as_tensor(indices, dtype=torch.int64, device="cpu")
        began = time.perf_counter()
        if isinstance(self._rows, _InMemory):
            rows = self._rows.select(wanted)
        else:
            rows = torch.from_numpy(self._rows.read(wanted.numpy()))
        self.seconds += time.perf_counter() - began
        x = self._kind.samples(rows.to(device).view(-1, *self._shape), spec)
        labels = None if self._labels is None else self._labels.index_select(0, wanted).to(device)
        return x, labels

    def expect(self, indices: NDArray[np.int64]) -> None:
        """See `Dataset.expect`."""
        if isinstance(self._rows, ReadAhead):
            self._rows.expect(indices)


class _InMemory:
    """Rows of an array."""

    def __init__(self, rows: NDArray[Any]) -> None:
        # They are copied fastest where each is one run of memory.
        self._rows = _shared(rows).view(len(rows), -1)

    def select(self, wanted: Tensor) -> Tensor:
        return self._rows.index_select(0, wanted)


def _shared(array: NDArray[np.generic]) -> Tensor:
    """A tensor on the array's memory. Nothing writes to it, so a read-only array is safe."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writ", UserWarning)
        return torch.from_numpy(array)
