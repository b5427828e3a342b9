"""Maximum a posteriori EM for a Gaussian mixture (Dempster et al. 1977).

Covariances have an inverse-Wishart prior, so that a component with fewer points than dimensions
still has one of full rank (Fraley and Raftery 2007).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo_vae.configs import MixtureConfig

LOG_TWO_PI = math.log(2.0 * math.pi)
LEAST_VARIANCE = 1e-6
LLOYD_ITERATIONS = 10


class Mixture(NamedTuple):
    """Parameters of K Gaussians over D dimensions.

    Attributes:
        weights: (K,), summing to 1.
        means: (K, D).
        cholesky: Lower triangular factors of the covariances, (K, D, D).
    """

    weights: Tensor
    means: Tensor
    cholesky: Tensor


def fit_mixture(points: Tensor, config: MixtureConfig, generator: torch.Generator) -> Mixture:
    """Fit a mixture to points (N, D), starting from k-means.

    Stops when an iteration gains less than `config.tolerance` nats per point of what it maximises,
    the log density of the points and of the covariances, or after `config.iterations`.
    """
    target = points.var(0, correction=0).clamp_min(LEAST_VARIANCE)
    mixture = maximise(points, k_means(points, config.components, generator), target, config)
    previous = -math.inf
    for _ in range(config.iterations):
        joint = joint_log_density(points, mixture)
        evidence = torch.logsumexp(joint, 1, keepdim=True)
        prior = covariance_log_prior(mixture, target, config)
        objective = float(evidence.sum() + prior) / len(points)
        if objective - previous < config.tolerance:
            break
        previous = objective
        mixture = maximise(points, torch.exp(joint - evidence), target, config)
    return mixture


def joint_log_density(points: Tensor, mixture: Mixture) -> Tensor:
    """log (weight_k N(point; mean_k, covariance_k)), (N, K), of points (N, D)."""
    columns = []
    for weight, mean, factor in zip(*mixture, strict=True):
        white = torch.linalg.solve_triangular(factor, (points - mean).T, upper=False)
        log_norm = factor.diagonal().log().sum() + 0.5 * points.shape[1] * LOG_TWO_PI
        columns.append(weight.log() - log_norm - 0.5 * white.square().sum(0))
    return torch.stack(columns, 1)


def covariance_log_prior(mixture: Mixture, target: Tensor, config: MixtureConfig) -> Tensor:
    """Log density of the covariances S_k under the inverse-Wishart prior, but for a constant, ().

    The sum of -s/2 (log|S_k| + tr(T S_k^-1)), where s is the shrinkage and T = diag(target): the
    density whose mode the M step is (Fraley and Raftery 2007, section 3), with a degree of freedom
    for each unit of s beyond D + 1.
    """
    roots = target.sqrt().diag().expand_as(mixture.cholesky)
    pulls = torch.linalg.solve_triangular(mixture.cholesky, roots, upper=False)
    log_determinants = 2.0 * mixture.cholesky.diagonal(dim1=1, dim2=2).log().sum(1)
    return -0.5 * config.shrinkage * (log_determinants.sum() + pulls.square().sum())


def maximise(
    points: Tensor, responsibilities: Tensor, target: Tensor, config: MixtureConfig
) -> Mixture:
    """The M step: points (N, D) shared out by responsibilities (N, K).

    A covariance is (scatter + shrinkage * diag(target)) / (count + shrinkage), target (D,) being
    the variances of all points.
    """
    counts = responsibilities.sum(0)
    means = (responsibilities.T @ points) / counts.clamp_min(1e-12).unsqueeze(1)
    factors = []
    for index, mean in enumerate(means):
        centred = points - mean
        scatter = (centred * responsibilities[:, index : index + 1]).T @ centred
        pulled = scatter + config.shrinkage * torch.diag(target)
        factors.append(torch.linalg.cholesky(pulled / (counts[index] + config.shrinkage)))
    return Mixture(counts / counts.sum(), means, torch.stack(factors))


def k_means(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Hard assignments (N, count) of points (N, D) after a few of Lloyd's iterations."""
    centres = spread_centres(points, count, generator)
    for _ in range(LLOYD_ITERATIONS):
        chosen = F.one_hot(torch.cdist(points, centres).argmin(1), count).to(points.dtype)
        sizes = chosen.sum(0).unsqueeze(1)
        centres = torch.where(sizes > 0, (chosen.T @ points) / sizes.clamp_min(1), centres)
    return chosen


def spread_centres(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """`count` of the points (N, D) by k-means++ (Arthur and Vassilvitskii 2007), (count, D)."""
    first = int(torch.randint(len(points), (), generator=generator))
    centres = [points[first]]
    nearest = (points - centres[0]).square().sum(1)
    while len(centres) < count:
        # Fewer different points than centres leaves no distance to go by.
        odds = nearest if nearest.sum() > 0 else torch.ones_like(nearest)
        centres.append(points[int(torch.multinomial(odds, 1, generator=generator))])
        nearest = torch.minimum(nearest, (points - centres[-1]).square().sum(1))
    return torch.stack(centres)
