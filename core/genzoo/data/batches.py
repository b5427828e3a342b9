"""From positions in training to batches of samples."""

from __future__ import annotations

import warnings
from collections import OrderedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo.interfaces.noise import derive_seed


class BatchStream:
    """An endless sequence of samples: one seeded permutation of the data after another.

    Sample number s is entry s % count of the permutation of epoch s // count, so the position
    alone says what comes next and a resumed run needs nothing else.

    Args:
        count: Number of samples in the data.
        seed: The run's seed.

    Raises:
        ValueError: `count` is not positive.
    """

    def __init__(self, count: int, seed: int) -> None:
        if count < 1:
            raise ValueError("a stream needs at least one sample")
        self.count = count
        self.seed = seed
        self._permutations: OrderedDict[int, NDArray[np.int64]] = OrderedDict()

    def take(self, start: int, count: int) -> NDArray[np.int64]:
        """Indices of the samples numbered `start` to `start + count`, (count,); may span epochs."""
        pieces = []
        while count > 0:
            epoch, offset = divmod(start, self.count)
            piece = self._permutation(epoch)[offset : offset + count]
            pieces.append(piece)
            start, count = start + len(piece), count - len(piece)
        return np.concatenate(pieces) if pieces else np.empty(0, np.int64)

    def _permutation(self, epoch: int) -> NDArray[np.int64]:
        if epoch not in self._permutations:
            seed = derive_seed(self.seed, "data", epoch)
            self._permutations[epoch] = np.random.Generator(np.random.PCG64(seed)).permutation(
                self.count
            )
            if len(self._permutations) > 2:
                self._permutations.popitem(last=False)
        return self._permutations[epoch]


class Gather:
    """Rows of a uint8 array, as samples.

    Args:
        images: (N, height, width, channels) uint8, C-contiguous.
        labels: (N,) int64 or None.
    """

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.int64] | None) -> None:
        self._shape = images.shape[1:]
        self._rows = _shared(images).view(len(images), -1)
        self._labels = None if labels is None else _shared(labels)

    def __call__(
        self,
        indices: NDArray[np.int64] | Tensor,
        low: float,
        high: float,
        device: torch.device | str = "cpu",
    ) -> tuple[Tensor, Tensor | None]:
        """See `Dataset.batch`."""
        wanted = torch.as_tensor(indices, dtype=torch.int64, device="cpu")
        rows = self._rows.index_select(0, wanted).to(device)
        x = scale(rows, low, high).view(-1, *self._shape).permute(0, 3, 1, 2)
        labels = None if self._labels is None else self._labels.index_select(0, wanted).to(device)
        return x, labels


def scale(values: Tensor, low: float, high: float) -> Tensor:
    """uint8 values as float32: 0 becomes `low` and 255 becomes `high`."""
    # Dividing, unlike multiplying by the rounded reciprocal, maps 255 to `high` exactly.
    return values.to(torch.float32).div_(255 / (high - low)).add_(low)


def _shared(array: NDArray[np.generic]) -> Tensor:
    """A tensor on the array's memory. Nothing writes to it, so a read-only array is safe."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writ", UserWarning)
        return torch.from_numpy(array)
