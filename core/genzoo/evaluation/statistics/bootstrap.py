"""Intervals for means, by resampling (Efron 1979) or by Student's t, for shares, and by leaving
out."""

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


def mean_of_few(values: ArrayLike) -> Interval:
    """The mean of `values` (N,) with Student's interval (1908).

    Resampling a few values gives an interval that is too narrow. This one is right for normal
    values however few they are, and means of blocks are nearly normal.

    Args:
        values: Independent values, at least two.
    """
    numbers = np.asarray(values, np.float64)
    error = float(numbers.std(ddof=1)) / math.sqrt(len(numbers))
    return around(float(numbers.mean()), error, len(numbers) - 1)


def around(value: float, error: float, freedom: int) -> Interval:
    """The interval of an estimate whose standard error has so many degrees of freedom."""
    reach = student_quantile((1 + LEVEL) / 2, freedom) * error
    return Interval(value, value - reach, value + reach, error)


def without_groups(value: float, without: ArrayLike) -> Interval:
    """An estimate with the interval of its delete-a-group jackknife (Kott 2001).

    Args:
        value: The estimate.
        without: The estimate without each of G groups of points in turn, (G,), at least two.
    """
    error, count = _jackknife_error(without)
    return around(value, error, count - 1)


def student_quantile(probability: float, freedom: int) -> float:
    """What Student's t with so many degrees of freedom is below with that probability.

    By halving, on the distribution's closed form (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).

    Args:
        probability: From 1/2 to below 1.
        freedom: At least 1.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(100):
        middle = (low + high) / 2
        if _student_mass(middle, freedom) < 2 * probability - 1:
            low = middle
        else:
            high = middle
    return math.tan(low) * math.sqrt(freedom)


def _student_mass(angle: float, freedom: int) -> float:
    """How likely t is within tan(angle) sqrt(freedom) of zero, for an angle in [0, pi/2]."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = total = cosine if odd else 1.0
    for k in range(2 + odd, freedom - 1, 2):
        term *= (k - 1) / k * cosine**2
        total += term
    if not odd:
        return sine * total
    return 2 / math.pi * (angle + (sine * total if freedom > 1 else 0.0))


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


def share_of_dependent(flags: ArrayLike, without: ArrayLike) -> Interval:
    """The share of ones among flags that hang on points drawn at random, together.

    The interval is that of the delete-a-group jackknife (Kott 2001), and never narrower than that
    of as many independent flags, which stays honest where all of them are equal.

    Args:
        flags: Zeros and ones, at least one.
        without: The share without each of G groups of the points in turn, at least two.
    """
    independent, (error, _) = share(flags), _jackknife_error(without)
    reach = NormalDist().inv_cdf((1 + LEVEL) / 2) * error
    return Interval(
        independent.value,
        min(independent.low, max(0.0, independent.value - reach)),
        max(independent.high, min(1.0, independent.value + reach)),
        max(independent.error, error),
    )


def _jackknife_error(without: ArrayLike) -> tuple[float, int]:
    """The standard error, and the number of groups."""
    estimates = np.asarray(without, np.float64)
    count = len(estimates)
    squares = np.square(estimates - estimates.mean()).sum()
    return math.sqrt((count - 1) / count * float(squares)), count


def _resampled_means(
    numbers: NDArray[np.float64], random: np.random.Generator, resamples: int
) -> NDArray[np.float64]:
    count = len(numbers)
    # One resample at a time: memory does not grow with their number.
    return np.array([numbers[random.integers(0, count, count)].mean() for _ in range(resamples)])
