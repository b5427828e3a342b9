"""From 8-bit levels to real numbers and back to a likelihood of levels (Theis et al. 2016)."""

from __future__ import annotations

import math

from torch import Tensor

from genzoo import Noise, SampleSpec

LEVELS = 256


def dequantise(x: Tensor, sample: SampleSpec, noise: Noise) -> tuple[Tensor, Tensor]:
    """Spread each value uniformly over all that rounds to its level.

    With p the density of the spread values and V the volume of the cell that they lie in, the
    probability of the levels is at least exp(E[log p + log V]), by Jensen's inequality. The cells
    tile the range: those of the first and the last level are half as wide as the others.

    Args:
        x: Samples (N, *sample shape) whose values are 256 levels between `low` and `high`.
        sample: Their contract.
        noise: Randomness for N rows.

    Returns:
        Spread samples (N, *sample shape), and log V in nats, (N,).
    """
    last = LEVELS - 1
    step = (sample.high - sample.low) / last
    level = ((x - sample.low) / step).round()
    lower = (level - 0.5).clamp_min(0)
    width = (level + 0.5).clamp_max(last) - lower
    spread = lower + width * noise.uniform(*x.shape[1:])
    return sample.low + step * spread, (step * width).log().flatten(1).sum(1)


def bits_per_dimension(nats: Tensor, sample: SampleSpec) -> Tensor:
    """Negative log-likelihoods (N,) in nats, as bits for each value of a sample."""
    return nats / (math.prod(sample.shape) * math.log(2.0))
