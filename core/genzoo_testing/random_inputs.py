"""Data for the contract: random samples in any range, without a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genzoo.specs import SampleSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

COUNT = 32
"""Samples in the data set that the contract trains on."""


def random_samples(sample: SampleSpec, count: int, seed: int = 0) -> Tensor:
    """Uniform in the sample's range, (count, *sample shape), float32."""
    generator = torch.Generator().manual_seed(seed)
    uniform = torch.rand(count, *sample.shape, generator=generator)
    return sample.low + (sample.high - sample.low) * uniform


def cyclic_labels(sample: SampleSpec, count: int) -> Tensor | None:
    """Every class in turn, (count,) int64; None without classes."""
    return torch.arange(count) % len(sample.classes) if sample.conditional else None


class RandomDataset:
    """`COUNT` random samples of a contract, as training draws them.

    Args:
        spec: Contract of the samples.
    """

    name = "random samples"
    fingerprint = "random"
    reading_seconds = 0.0
    blocks = None

    def __init__(self, spec: SampleSpec) -> None:
        self.spec = spec

    def __len__(self) -> int:
        return COUNT

    def expect(self, indices: NDArray[np.int64]) -> None:
        """All of it is in memory."""

    def prepare(self, blocks: Sequence[int]) -> None:
        """It has no blocks."""

    def batch(
        self,
        indices: NDArray[np.int64] | Tensor,
        spec: SampleSpec,
        device: torch.device | str = "cpu",
    ) -> tuple[Tensor, Tensor | None]:
        """The samples at `indices` in the range of `spec` and, if conditional, their labels."""
        rows = torch.as_tensor(indices)
        x = random_samples(spec, COUNT)[rows].to(device)
        labels = cyclic_labels(self.spec, COUNT)
        return x, None if labels is None else labels[rows].to(device)
