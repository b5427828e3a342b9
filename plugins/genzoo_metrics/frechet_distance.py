"""The Fréchet distance: Gaussians fitted to features, and how far apart they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo import Estimate, Interval, Metric, Subject, bootstrap_mean
from genzoo_metrics.feature_blocks import Features, blocks

INCEPTION = "genzoo/inception-v3"
"""The feature space in which the distances are known as FID and KID."""


class FrechetDistance(Metric):
    """The Fréchet distance of Gaussians fitted to features (Heusel et al. 2017)."""

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """Its interval is over the draw of the samples; the data is taken as it is."""
        data, samples = moments_of_data(subject), fit_gaussian(subject.fake)
        root = square_root(data.covariance)
        value = frechet_distance(data, samples, root)
        spread = bootstrap_mean(frechet_influence(data, samples, subject.fake, root))
        return [
            Estimate(
                name="FID" if subject.space == INCEPTION else "Fréchet distance",
                interval=Interval(
                    value,
                    value + spread.low - spread.value,
                    value + spread.high - spread.value,
                    spread.error,
                ),
                better="lower",
                warnings=_bias(data, samples, subject),
            )
        ]


def _bias(data: Gaussian, samples: Gaussian, subject: Subject) -> tuple[str, ...]:
    """A warning where there are fewer images than features, with the bias where it can be told.

    It does not fall with one over the number of samples there (Chong and Forsyth 2020), so it is
    not extrapolated: as many images of the data are measured against the others, whose true
    distance is zero.
    """
    dimensions, count = len(data.mean), samples.count
    items = subject.data.kind.array
    few, what = min((data.count, f"{items} of the data"), (count, "samples"))
    if few >= dimensions:
        return ()
    start = f"{few} {what} do not span {dimensions} features: the Fréchet distance is too high"
    if data.count - count < dimensions:
        return (
            f"{start}, and by how much cannot be told from {data.count} {items} of the data. "
            "Compare it with numbers of the same counts only.",
        )
    images, rest = (fit_gaussian(part) for part in (subject.real[:count], subject.real[count:]))
    return (
        f"{start}, by about {frechet_distance(rest, images):.3g}: the distance of {count} {items} "
        f"of the data to the other {items}. Compare it with numbers of the same counts only.",
    )


@dataclass(frozen=True)
class Gaussian:
    """Moments of features.

    Attributes:
        mean: (D,) float64.
        covariance: (D, D) float64, unbiased.
        count: Number of rows they were fitted to.
    """

    mean: Tensor
    covariance: Tensor
    count: int


def moments_of_data(subject: Subject) -> Gaussian:
    """The Gaussian fitted to features of the data, kept with them."""

    def fitted() -> NDArray[np.float64]:
        found = fit_gaussian(subject.real)
        return torch.cat([found.mean.unsqueeze(0), found.covariance]).numpy()

    rows = torch.from_numpy(subject.derived("moments", fitted))
    return Gaussian(rows[0], rows[1:], len(subject.real))


def fit_gaussian(features: Features) -> Gaussian:
    """Mean and unbiased covariance of features (N, D), in float64; N is at least 2.

    Two passes: sums of centred products lose nothing to cancellation.
    """
    total = torch.zeros(features.shape[1], dtype=torch.float64)
    for _, rows in blocks(features, torch.float64):
        total += rows.sum(0)
    mean = total / len(features)
    scatter = torch.zeros(len(mean), len(mean), dtype=torch.float64)
    for _, rows in blocks(features, torch.float64):
        centred = rows - mean
        scatter.addmm_(centred.T, centred)
    return Gaussian(mean, scatter / (len(features) - 1), len(features))


def square_root(matrix: Tensor) -> Tensor:
    """The symmetric square root of a positive semi-definite (D, D) matrix.

    Negative eigenvalues, which are rounding, count as zero.
    """
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T


def frechet_distance(first: Gaussian, second: Gaussian, root: Tensor | None = None) -> float:
    """|m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^½) (Dowson and Landau 1982; Heusel et al. 2017).

    The trace of the root is the sum of the square roots of the eigenvalues of S1^½ S2 S1^½, which
    is symmetric: no complex numbers arise, and covariances of less than full rank are no problem.

    Args:
        first: Moments of one set.
        second: Moments of another.
        root: `square_root(first.covariance)`, where it is at hand.
    """
    root = square_root(first.covariance) if root is None else root
    values = torch.linalg.eigvalsh(_symmetric(root @ second.covariance @ root))
    # The root of a rounding error is no longer small.
    values = torch.where(values > _rounding(values), values, 0.0)
    traces = first.covariance.trace() + second.covariance.trace()
    shift = (first.mean - second.mean).square().sum()
    return float(shift + traces - 2 * values.sqrt().sum())


def frechet_influence(
    data: Gaussian, samples: Gaussian, features: Features, root: Tensor | None = None
) -> NDArray[np.float64]:
    """How much each sample moves the Fréchet distance: its influence function, (N,).

    The derivative of the distance by the samples' moments is 2 (m2 - m1) and I - T, where T is the
    map that carries N(0, S2) onto N(0, S1) (Peyré and Cuturi 2019, remark 2.31). The influences
    sum to about zero; resampling them is the bootstrap of the distance to first order, without
    the bias that repeated rows would add.

    Args:
        data: Moments of the data.
        samples: Moments of the samples.
        features: The samples' features (N, D).
        root: `square_root(data.covariance)`, where it is at hand.
    """
    slope = torch.eye(len(data.mean), dtype=torch.float64) - _transport(data, samples, root)
    shift = 2 * (samples.mean - data.mean)
    level = (slope * samples.covariance).sum()
    pieces = []
    for _, rows in blocks(features, torch.float64):
        centred = rows - samples.mean
        pieces.append(centred @ shift + ((centred @ slope) * centred).sum(1) - level)
    return torch.cat(pieces).numpy()


def _transport(data: Gaussian, samples: Gaussian, root: Tensor | None) -> Tensor:
    """S1^½ (S1^½ S2 S1^½)^-½ S1^½, with the pseudo-inverse, (D, D)."""
    root = square_root(data.covariance) if root is None else root
    values, vectors = torch.linalg.eigh(_symmetric(root @ samples.covariance @ root))
    least = _rounding(values)
    inverse = torch.where(values > least, values.clamp_min(1e-300).rsqrt(), 0.0)
    half = root @ vectors
    return (half * inverse) @ half.T


def _rounding(values: Tensor) -> Tensor:
    """The size below which an eigenvalue may as well be zero."""
    return values.max() * len(values) * torch.finfo(torch.float64).eps


def _symmetric(matrix: Tensor) -> Tensor:
    return (matrix + matrix.T) / 2
