"""The Fréchet distance of unlimited samples, extrapolated from fewer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genzoo import Estimate, Interval, Metric, Subject, UsageError, bootstrap_mean
from genzoo_metrics.feature_blocks import Features
from genzoo_metrics.frechet_distance import (
    INCEPTION,
    Gaussian,
    fit_gaussian,
    frechet_distance,
    frechet_influence,
    moments_of_data,
    square_root,
)

SPAN = 1.5
"""Samples of the smallest selection for each feature: with fewer the bias is not as 1/N."""


class ExtrapolatedFrechetDistance(Metric):
    """The Fréchet distance without the bias of few samples (Chong and Forsyth 2020)."""

    parameters: ClassVar[Mapping[str, Any]] = {"divisors": 5, "span": SPAN}

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """Its interval is over the draw of the samples; the data is taken as it is.

        Raises:
            UsageError: There are too few samples to extrapolate from.
        """
        fake, dimensions = subject.fake, subject.fake.shape[1]
        largest = min(self.parameters["divisors"], int(len(fake) / (SPAN * dimensions)))
        if largest < 2:
            raise UsageError(
                f"{len(fake)} samples of {dimensions} features are too few to extrapolate from.",
                f"Draw at least {math.ceil(2 * SPAN * dimensions)} with --count.",
            )
        data = moments_of_data(subject)
        root = square_root(data.covariance)
        sizes, distances = distances_of_parts(data, fake, largest, root)
        value, error = extrapolated(sizes, distances)
        spread = bootstrap_mean(frechet_influence(data, fit_gaussian(fake), fake, root))
        # Of independent origin: what the draw of all samples moves, and how straight the line is.
        total = math.hypot(spread.error, error)
        wider = total / spread.error if spread.error else 1.0
        low, high = ((end - spread.value) * wider for end in (spread.low, spread.high))
        name = "FID" if subject.space == INCEPTION else "Fréchet distance"
        return [
            Estimate(
                name=f"{name} of unlimited samples",
                interval=Interval(value, value + low, value + high, total),
                better="lower",
            )
        ]


def distances_of_parts(
    data: Gaussian, features: Features, divisors: int, root: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean distances of the whole, of its halves, of its thirds and so on.

    Every sample is in one part of each size, so that which samples were drawn moves all the means
    alike and not the slope between them.

    Args:
        data: Moments of the data.
        features: The samples' (N, D).
        divisors: The smallest parts are N over this.
        root: `square_root(data.covariance)`.

    Returns:
        Sizes of the parts and mean distances, each (divisors,).
    """
    sizes, means = [], []
    for parts in range(1, divisors + 1):
        size = len(features) // parts
        distances = [
            frechet_distance(data, fit_gaussian(features[first * size : (first + 1) * size]), root)
            for first in range(parts)
        ]
        sizes.append(size)
        means.append(float(np.mean(distances)))
    return np.array(sizes, np.float64), np.array(means)


def extrapolated(sizes: ArrayLike, distances: ArrayLike) -> tuple[float, float]:
    """The intercept of distances over 1/N, and its standard error (0 for two points).

    Ordinary least squares, as Chong and Forsyth 2020 (arXiv:1911.07023, section 4) fit it.

    Args:
        sizes: Numbers of samples N, (n,), at least two of them different.
        distances: (n,).
    """
    x, y = 1 / np.asarray(sizes, np.float64), np.asarray(distances, np.float64)
    centred = x - x.mean()
    scatter = float(np.square(centred).sum())
    slope = float((centred * y).sum()) / scatter
    intercept = float(y.mean()) - slope * float(x.mean())
    freedom = len(x) - 2
    if freedom < 1:
        return intercept, 0.0
    residual = float(np.square(y - intercept - slope * x).sum()) / freedom
    return intercept, math.sqrt(residual * (1 / len(x) + float(x.mean()) ** 2 / scatter))
