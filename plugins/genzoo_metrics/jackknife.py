"""Intervals of what hangs on all samples together, by leaving groups of them out."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from genzoo import Interval, share, student_interval

LEVEL = 0.95
"""How often an interval holds the truth, as those of `genzoo.share` do."""

GROUPS = 20
"""Groups of samples that are left out in turn, to see how much depends on them."""


def without_groups(value: float, without: ArrayLike) -> Interval:
    """An estimate with the interval of its delete-a-group jackknife (Kott 2001).

    Args:
        value: The estimate.
        without: The estimate without each of G groups of points in turn, (G,), at least two.
    """
    error, count = _jackknife_error(without)
    return student_interval(value, error, count - 1)


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
