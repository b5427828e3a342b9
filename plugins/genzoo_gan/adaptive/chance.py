"""Transformations that happen to each sample with a probability of their own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genzoo import Noise


@dataclass(frozen=True)
class Chance:
    """Random parameters, neutral where a sample is spared.

    Attributes:
        noise: Where the numbers come from; one row a sample.
        probability: That a sample is not spared, each time anew.
    """

    noise: Noise
    probability: float

    def maybe(self, value: Tensor, neutral: float, probability: float | None = None) -> Tensor:
        """`value` (N, K), or `neutral` in all K of a row that is spared."""
        limit = self.probability if probability is None else probability
        return torch.where(self.noise.uniform(1) < limit, value, neutral)

    def normal(self, deviation: float, count: int = 1) -> Tensor:
        """Normal numbers about 0, (N, count)."""
        return self.noise.normal(count) * deviation

    def symmetric(self, most: float, count: int = 1) -> Tensor:
        """Uniform numbers in [-most, most), (N, count)."""
        return (self.noise.uniform(count) * 2.0 - 1.0) * most

    def whole(self, count: int) -> Tensor:
        """Whole numbers from 0 to count - 1, (N, 1)."""
        return (self.noise.uniform(1) * count).floor()
