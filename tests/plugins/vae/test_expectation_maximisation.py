"""EM climbs the posterior density of a mixture, and ends at its top."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, distributions

from genzoo_vae.configs import MixtureConfig
from genzoo_vae.expectation_maximisation import (
    Mixture,
    covariance_log_prior,
    fit_mixture,
    joint_log_density,
    maximise,
    spread_centres,
)


def crossed(count: int = 600, dimensions: int = 4) -> Tensor:
    """Two long Gaussians through one centre, which k-means cannot tell apart."""
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(count, dimensions, generator=generator).double()
    points[: count // 2, 0] *= 8
    points[count // 2 :, 1] *= 8
    return points


def objective(points: Tensor, mixture: Mixture, config: MixtureConfig) -> float:
    """Log posterior density per point, from torch's own distributions."""
    target = points.var(0, correction=0)
    density = distributions.MixtureSameFamily(
        distributions.Categorical(mixture.weights),
        distributions.MultivariateNormal(mixture.means, scale_tril=mixture.cholesky),
    )
    prior = 0.0
    for factor in mixture.cholesky:
        covariance = factor @ factor.T
        pull = covariance.logdet() + (target.diag() @ covariance.inverse()).trace()
        prior -= 0.5 * config.shrinkage * float(pull)
    return (float(density.log_prob(points).sum()) + prior) / len(points)


def fitted(points: Tensor, config: MixtureConfig) -> Mixture:
    return fit_mixture(points, config, torch.Generator().manual_seed(1))


@pytest.mark.parametrize("shrinkage", [0.1, 20.0, 500.0])
def test_no_iteration_loses_and_the_last_gains_nothing(shrinkage) -> None:
    points = crossed()
    values = [
        objective(
            points,
            fitted(points, MixtureConfig(components=2, shrinkage=shrinkage, iterations=n,
                                         tolerance=0.0)),
            MixtureConfig(components=2, shrinkage=shrinkage),
        )
        for n in (*range(1, 12), 300)
    ]  # fmt: skip
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(values))
    config = MixtureConfig(components=2, shrinkage=shrinkage, iterations=300, tolerance=1e-7)
    assert objective(points, fitted(points, config), config) == pytest.approx(values[-1], abs=1e-4)


@pytest.mark.parametrize("shrinkage", [0.1, 20.0, 500.0])
def test_it_goes_on_for_as_long_as_it_gains(shrinkage) -> None:
    points = crossed()
    once = MixtureConfig(components=2, shrinkage=shrinkage, iterations=1)
    whole = MixtureConfig(components=2, shrinkage=shrinkage, tolerance=1e-4)
    first, last = (objective(points, fitted(points, config), config) for config in (once, whole))
    assert last > first + 0.01


@pytest.mark.parametrize("tolerance", [0.005, 0.001])
def test_it_ends_with_the_first_iteration_that_gains_too_little_per_point(tolerance) -> None:
    points = crossed()
    config = MixtureConfig(components=2, shrinkage=1.0, iterations=300, tolerance=tolerance)
    steps = [fitted(points, config.model_copy(update={"iterations": n, "tolerance": 0.0}))
             for n in range(1, 25)]  # fmt: skip
    values = [objective(points, step, config) for step in steps]
    small = next(n for n, (a, b) in enumerate(pairwise(values), 1) if b - a < tolerance)
    assert 1 < small < len(values) - 1
    assert torch.equal(fitted(points, config).means, steps[small].means)


def test_a_fall_of_the_likelihood_is_no_reason_to_stop() -> None:
    # The pull widens the narrow clusters of k-means: the first two iterations lose likelihood.
    generator = torch.Generator().manual_seed(0)
    centres = 4 * torch.randn(6, 3, generator=generator).double()
    chosen = torch.randint(6, (60,), generator=generator)
    points = centres[chosen] + torch.randn(60, 3, generator=generator).double()
    config = MixtureConfig(components=6, shrinkage=20.0, tolerance=1e-4)
    steps = [
        fitted(points, config.model_copy(update={"iterations": count, "tolerance": 0.0}))
        for count in (1, 2, 200)
    ]
    likelihoods = [
        float(torch.logsumexp(joint_log_density(points, mixture), 1).mean()) for mixture in steps
    ]
    assert likelihoods[1] < likelihoods[0]
    best = objective(points, steps[-1], config)
    assert objective(points, fitted(points, config), config) == pytest.approx(best, abs=0.01)


def test_the_prior_is_the_one_whose_mode_the_m_step_is() -> None:
    points, config = crossed(50, 3), MixtureConfig(components=1, shrinkage=7.0)
    target = points.var(0, correction=0) * torch.tensor([1.0, 2.0, 0.5])
    mode = maximise(points, torch.ones(50, 1, dtype=torch.float64), target, config)

    def value(factor: Tensor) -> Tensor:
        moved = Mixture(mode.weights, mode.means, factor.tril())
        return joint_log_density(points, moved).sum() + covariance_log_prior(moved, target, config)

    factor = mode.cholesky.clone().requires_grad_()
    (slope,) = torch.autograd.grad(value(factor), factor)
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-8)
    for seed in range(20):
        moves = torch.randn(factor.shape, generator=torch.Generator().manual_seed(seed)).double()
        assert value(mode.cholesky + 0.05 * moves) < value(mode.cholesky)


def test_further_centres_are_drawn_by_their_squared_distance() -> None:
    """Of the points 0, 1 and 3 the pair 0 and 1 has the probability (1/10 + 1/5) / 3."""
    points = torch.tensor([[0.0], [1.0], [3.0]])
    generator = torch.Generator().manual_seed(0)
    sums = [float(spread_centres(points, 2, generator).sum()) for _ in range(3000)]
    shares = {total: sums.count(total) / 3000 for total in (1.0, 3.0, 4.0)}
    expected = {1.0: 0.1, 3.0: (0.9 + 9 / 13) / 3, 4.0: (0.8 + 4 / 13) / 3}
    assert shares == pytest.approx(expected, abs=0.035)
