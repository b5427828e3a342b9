"""Intervals of few values, by Student's t."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from genzoo.evaluation.intervals import LEVEL, Interval


def mean_of_few(values: ArrayLike) -> Interval:
    """The mean of `values` (N,) with Student's interval (1908).

    Resampling a few values gives an interval that is too narrow. This one is right for normal
    values however few they are, and means of blocks are nearly normal.

    Args:
        values: Independent values, at least two.
    """
    numbers = np.asarray(values, np.float64)
    error = float(numbers.std(ddof=1)) / math.sqrt(len(numbers))
    return student_interval(float(numbers.mean()), error, len(numbers) - 1)


def student_interval(value: float, error: float, freedom: int) -> Interval:
    """The interval of an estimate whose standard error has so many degrees of freedom."""
    reach = student_quantile((1 + LEVEL) / 2, freedom) * error
    return Interval(value, value - reach, value + reach, error)


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
