"""Quantisers that round each number by itself: their codebooks are grids, with nothing to learn."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.quantisers.quantiser import Quantiser, straight_through

MARGIN = 1e-3
"""By so much of its half width the range of a number is wider than its levels."""


class FiniteScalarQuantiser(Quantiser):
    """Each number is bounded and rounded to one of a few levels (Mentzer et al. 2023).

    The levels of a number are evenly spaced in [-1, 1]; where they are even in number, 0 is one of
    them and 1 is not. The penalty is 0.

    Args:
        levels: Levels of each number of a vector.
    """

    counts: Tensor
    places: Tensor

    def __init__(self, levels: Sequence[int]) -> None:
        super().__init__(len(levels), math.prod(levels))
        counts = torch.tensor(list(levels))
        self.register_buffer("counts", counts, persistent=False)
        # The first number counts the units, as in the paper's code.
        places = torch.cat([counts.new_ones(1), counts[:-1]]).cumprod(0)
        self.register_buffer("places", places, persistent=False)

    def quantise(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `Quantiser`."""
        bounded, half = self._bounded(rows), self.counts // 2
        whole = bounded.detach().round()
        codes = ((whole.long() + half) * self.places).sum(1, keepdim=True)
        return straight_through(whole, bounded) / half, codes, rows.new_zeros(len(rows))

    def vectors(self, codes: Tensor) -> Tensor:
        """See `Quantiser`."""
        half = self.counts // 2
        digits = codes.div(self.places, rounding_mode="floor") % self.counts
        return (digits - half) / half

    @torch.no_grad()
    def codes_of(self, vectors: Tensor) -> Tensor:
        """See `Quantiser`: vectors are levels already, and are not bounded again."""
        half = (self.counts // 2).view(-1, *[1] * (vectors.dim() - 2))
        most = self.counts.view_as(half) - 1
        digits = ((vectors * half).round().long() + half).clamp(min=0).minimum(most)
        return (digits * self.places.view_as(half)).sum(1, keepdim=True)

    def _bounded(self, rows: Tensor) -> Tensor:
        """Numbers so that rounding gives `counts` whole ones around 0 (section 3.1)."""
        half = (self.counts - 1) * (1 + MARGIN) / 2
        offset = torch.where(self.counts % 2 == 0, 0.5, 0.0)
        return (rows + (offset / half).atanh()).tanh() * half - offset


class LookupFreeQuantiser(Quantiser):
    """Each number becomes -1 or 1 (Yu et al. 2024, MAGVIT-v2).

    The penalty is the commitment |x - code|^2 and, weighted, the entropy of each vector's codes
    minus that of the batch's: sure about each, and using all. Both are sums over the numbers, as if
    they were independent (Zhao et al. 2024, BSQ, equation 12).

    Args:
        dimensions: Numbers in a vector; there are 2^dimensions codes.
        entropy: Weight of the two entropies, beside the commitment's 1.
    """

    places: Tensor

    def __init__(self, dimensions: int, *, entropy: float = 0.4) -> None:
        super().__init__(dimensions, 1 << dimensions)
        self.entropy = entropy
        self.register_buffer("places", 1 << torch.arange(dimensions), persistent=False)

    def quantise(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `Quantiser`."""
        ones = rows.detach() > 0
        values = ones.to(rows.dtype) * 2 - 1
        penalty = (rows - values).square().sum(1)
        if self.entropy and self.training:
            penalty = penalty + self.entropy * self._entropies(rows)
        codes = (ones * self.places).sum(1, keepdim=True)
        return straight_through(values, rows), codes, penalty

    def vectors(self, codes: Tensor) -> Tensor:
        """See `Quantiser`."""
        return ((codes & self.places) > 0).float() * 2 - 1

    def _entropies(self, rows: Tensor) -> Tensor:
        """Entropy of each vector's numbers minus that of their mean over the batch, nats, (M,)."""
        # exp(-(x - 1)^2) over its sum with exp(-(x + 1)^2).
        logits = 4 * rows
        each = F.softplus(logits) - logits * logits.sigmoid()
        mean = self.processes.mean(logits.sigmoid().mean(0))
        return each.sum(1) - _binary_entropy(mean).sum()


def _binary_entropy(p: Tensor) -> Tensor:
    p = p.clamp(1e-6, 1 - 1e-6)
    return -(p * p.log() + (1 - p) * (1 - p).log())
