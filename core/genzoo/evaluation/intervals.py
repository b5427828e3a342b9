"""Intervals for means, by resampling (Efron 1979), and for shares (Wilson 1927)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 1000
LEVEL = 0.95
"""How often an interval holds the truth."""


@dataclass(frozen=True)
class Interval:
    """A value with how far it may be off.

    Attributes:
        value: The estimate.
        low: Lower end of its 95 % interval.
        high: Upper end.
        error: Its standard error.
    """

    value: float
    low: float
    high: float
    error: float

    def scaled(self, factor: float) -> Interval:
        """In another unit: everything times `factor`."""
        low, high = sorted((self.low * factor, self.high * factor))
        return Interval(self.value * factor, low, high, self.error * abs(factor))


def bootstrap_mean(values: ArrayLike, seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """The mean of `values` (N,) with its percentile bootstrap interval.

    Args:
        values: Independent values, at least one.
        seed: Names the resampling, so that the same values give the same interval.
        resamples: How often to draw N of the values anew, with replacement.
    """
    numbers = np.asarray(values, np.float64)
    means = _resampled_means(numbers, np.random.default_rng(seed), resamples)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(numbers.mean()), float(low), float(high), float(means.std()))


def share(flags: ArrayLike) -> Interval:
    """The share of ones among `flags` (N,), with Wilson's interval (1927).

    Unlike resampling it is honest where all flags are equal: none of 100 may still be 3 %.

    Args:
        flags: Zeros and ones, at least one.
    """
    values = np.asarray(flags, np.float64)
    count, value = len(values), float(values.mean())
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    middle = (value + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * math.sqrt(value * (1 - value) / count + (z / (2 * count)) ** 2)
    reach /= 1 + z * z / count
    # Rounding must not leave the value outside.
    low, high = min(value, max(0.0, middle - reach)), max(value, min(1.0, middle + reach))
    return Interval(value, low, high, reach / z)


def _resampled_means(
    numbers: NDArray[np.float64], random: np.random.Generator, resamples: int
) -> NDArray[np.float64]:
    count = len(numbers)
    # One resample at a time: memory does not grow with their number.
    return np.array([numbers[random.integers(0, count, count)].mean() for _ in range(resamples)])
