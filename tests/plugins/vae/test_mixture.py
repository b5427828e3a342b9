"""The Gaussian mixture prior: fit, density, draws."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, distributions

from genzoo import BatchNoise, LatentSpec, SampleNoise, SpecError, StandardNormal
from genzoo_vae.configs import MixtureConfig
from genzoo_vae.mixture import GaussianMixturePrior

WEIGHTS = torch.tensor([0.2, 0.3, 0.5])
MEANS = torch.tensor([[-4.0, 0.0], [0.0, 5.0], [5.0, -1.0]])
FACTORS = torch.tensor([[[1.0, 0.0], [0.8, 0.5]], [[0.5, 0.0], [0.0, 1.5]], [[1, 0], [-0.5, 0.7]]])
FLAT = LatentSpec(shape=(2,))


def reference(prior: GaussianMixturePrior) -> distributions.MixtureSameFamily:
    return distributions.MixtureSameFamily(
        distributions.Categorical(prior.weights),
        distributions.MultivariateNormal(prior.means, scale_tril=prior.cholesky),
    )


def known() -> GaussianMixturePrior:
    prior = GaussianMixturePrior(FLAT, MixtureConfig(components=3))
    state = {"weights": WEIGHTS, "means": MEANS, "cholesky": FACTORS}
    prior.load_state_dict(state)
    return prior


def points(count: int = 6000) -> Tensor:
    return known().sample(BatchNoise(count, 5))


@pytest.fixture(scope="module")
def fitted() -> GaussianMixturePrior:
    config = MixtureConfig(components=3, shrinkage=1.0, tolerance=1e-5)
    return GaussianMixturePrior(FLAT, config).fit(points(), seed=0)


def test_recovers_a_known_mixture(fitted: GaussianMixturePrior) -> None:
    order = torch.cdist(MEANS, fitted.means).argmin(1)
    assert sorted(order.tolist()) == [0, 1, 2]
    torch.testing.assert_close(fitted.weights[order], WEIGHTS, rtol=0, atol=0.02)
    torch.testing.assert_close(fitted.means[order], MEANS, rtol=0, atol=0.1)
    covariance = fitted.cholesky[order] @ fitted.cholesky[order].mT
    torch.testing.assert_close(covariance, FACTORS @ FACTORS.mT, rtol=0, atol=0.15)


def test_log_prob(fitted: GaussianMixturePrior) -> None:
    z = torch.randn(50, 2) * 6
    torch.testing.assert_close(fitted.log_prob(z), reference(fitted).log_prob(z))


def test_gradient_of_log_prob(fitted: GaussianMixturePrior) -> None:
    z = torch.randn(5, 2, requires_grad=True)
    (ours,) = torch.autograd.grad(fitted.log_prob(z).sum(), z)
    (theirs,) = torch.autograd.grad(reference(fitted).log_prob(z).sum(), z)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_the_same_seed_gives_the_same_fit(fitted: GaussianMixturePrior) -> None:
    again = GaussianMixturePrior(FLAT, fitted.config).fit(points(), seed=0)
    for name, value in fitted.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


def test_fitting_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    GaussianMixturePrior(FLAT, MixtureConfig(components=3)).fit(points(100), seed=0)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_draws_have_the_mixtures_moments(fitted: GaussianMixturePrior) -> None:
    draws = fitted.sample(BatchNoise(50_000, 1))
    expected = reference(fitted)
    torch.testing.assert_close(draws.mean(0), expected.mean, rtol=0, atol=0.08)
    torch.testing.assert_close(draws.var(0), expected.variance, rtol=0.03, atol=0)


def test_a_row_does_not_depend_on_its_batch(fitted: GaussianMixturePrior) -> None:
    whole = fitted.sample(SampleNoise(7, range(20)))
    for index in (0, 5, 19):
        alone = fitted.sample(SampleNoise(7, [index]))
        torch.testing.assert_close(alone, whole[index : index + 1])


@pytest.mark.parametrize("truncation", [0.5, 1e-3, 1.0])
def test_truncation_shrinks_towards_the_mean_of_each_component(truncation) -> None:
    whole, short = (
        known().sample_truncated(SampleNoise(3, range(300)), factor) for factor in (1.0, truncation)
    )
    assert torch.equal(whole, known().sample(SampleNoise(3, range(300))))
    # The components are far apart: nearly all latents are nearest to their own mean.
    centres = MEANS[torch.cdist(short, MEANS).argmin(1)]
    shrunk = ((short - centres) - truncation * (whole - centres)).abs().amax(1) < 1e-5
    assert shrunk.float().mean() > 0.97
    if truncation == 1e-3:
        assert (short - centres).abs().max() < 0.01
        counts = torch.stack([(centres == mean).all(1).sum() for mean in MEANS])
        torch.testing.assert_close(counts / 300, WEIGHTS, rtol=0, atol=0.08)


def test_before_the_fit_it_is_the_standard_normal() -> None:
    latent = LatentSpec(shape=(2, 3))
    prior = GaussianMixturePrior(latent, MixtureConfig(components=4))
    z = torch.randn(6, 2, 3)
    torch.testing.assert_close(prior.log_prob(z), StandardNormal(latent).log_prob(z))
    assert prior.sample(BatchNoise(6, 0)).shape == (6, 2, 3)


def test_latents_of_any_shape() -> None:
    latent = LatentSpec(shape=(2, 2))
    prior = GaussianMixturePrior(latent, MixtureConfig(components=2))
    prior.fit(torch.randn(40, 2, 2) + 9.0, seed=0)
    draws = prior.sample(SampleNoise(0, range(100)))
    assert draws.shape == (100, 2, 2)
    assert float(draws.mean()) == pytest.approx(9.0, abs=0.6)


def test_fewer_points_than_dimensions_or_components() -> None:
    latent = LatentSpec(shape=(30,))
    prior = GaussianMixturePrior(latent, MixtureConfig(components=8))
    few = torch.randn(5, 30)
    prior.fit(few, seed=0)
    assert float(prior.weights.sum()) == pytest.approx(1.0, abs=1e-6)
    assert prior.log_prob(few).isfinite().all()
    assert prior.sample(SampleNoise(0, range(9))).isfinite().all()
    prior.fit(torch.ones(1, 30), seed=0)
    assert prior.log_prob(torch.ones(1, 30)).isfinite().all()


def test_a_component_without_weight_is_never_drawn() -> None:
    prior = known()
    prior.weights.copy_(torch.tensor([0.0, 1.0, 0.0]))
    draws = prior.sample(BatchNoise(500, 0))
    assert (draws - MEANS[1]).abs().max() < 8
    assert math.isfinite(float(prior.log_prob(draws).sum()))


def test_full_size_beats_the_standard_normal() -> None:
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(6, 20, generator=generator) * 2
    kind = torch.randint(6, (2000,), generator=generator)
    z = centres[kind] + torch.randn(2000, 20, generator=generator)
    latent = LatentSpec(shape=(20,))
    prior = GaussianMixturePrior(latent, MixtureConfig(components=6)).fit(z[:1500], seed=0)
    gain = prior.log_prob(z[1500:]).mean() - StandardNormal(latent).log_prob(z[1500:]).mean()
    assert float(gain) > 20.0


def test_wrong_latents_are_refused() -> None:
    prior = GaussianMixturePrior(FLAT, MixtureConfig(components=2))
    for latents in (torch.zeros(0, 2), torch.zeros(5, 3)):
        with pytest.raises(SpecError, match="mixture prior"):
            prior.fit(latents, seed=0)


def test_builds_on_the_meta_device_and_loads() -> None:
    with torch.device("meta"):
        empty = GaussianMixturePrior(FLAT, MixtureConfig(components=3))
    assert all(value.is_meta for value in empty.state_dict().values())
    empty.load_state_dict(known().state_dict(), assign=True)
    z = torch.randn(4, 2)
    assert torch.equal(empty.log_prob(z), known().log_prob(z))
