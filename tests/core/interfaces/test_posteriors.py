"""The diagonal Gaussian posterior against torch.distributions."""

from __future__ import annotations

import pytest
import torch
from torch import distributions

from genzoo import BatchNoise, DiagonalGaussian, SampleNoise, SpecError


@pytest.fixture
def posterior() -> DiagonalGaussian:
    return DiagonalGaussian(2 * torch.randn(7, 2, 3), torch.randn(7, 2, 3))


def reference(posterior: DiagonalGaussian) -> distributions.Normal:
    return distributions.Normal(posterior.mean, torch.exp(0.5 * posterior.log_variance))


def test_kl_per_dimension(posterior: DiagonalGaussian) -> None:
    standard = distributions.Normal(torch.zeros(2, 3), torch.ones(2, 3))
    expected = distributions.kl_divergence(reference(posterior), standard)
    torch.testing.assert_close(posterior.kl(), expected)


def test_kl_of_the_prior_itself_is_nothing() -> None:
    assert DiagonalGaussian(torch.zeros(2, 3), torch.zeros(2, 3)).kl().eq(0).all()


def test_log_prob_is_summed_over_dimensions(posterior: DiagonalGaussian) -> None:
    z = torch.randn(7, 2, 3)
    expected = reference(posterior).log_prob(z).sum((1, 2))
    torch.testing.assert_close(posterior.log_prob(z), expected)


def test_draws_have_the_mean_and_variance(posterior: DiagonalGaussian) -> None:
    draws = posterior.repeat(20_000).rsample(BatchNoise(140_000, 0)).view(7, 20_000, 2, 3)
    scale = torch.exp(0.5 * posterior.log_variance)
    assert ((draws.mean(1) - posterior.mean) / scale).abs().max() < 0.04
    assert (draws.std(1) / scale - 1).abs().max() < 0.04


def test_draw_carries_gradients() -> None:
    mean = torch.zeros(2, 3, requires_grad=True)
    log_variance = torch.zeros(2, 3, requires_grad=True)
    noise = BatchNoise(2, 0).normal(3)
    DiagonalGaussian(mean, log_variance).rsample(BatchNoise(2, 0)).sum().backward()
    assert mean.grad is not None
    assert log_variance.grad is not None
    assert mean.grad.eq(1).all()
    torch.testing.assert_close(log_variance.grad, 0.5 * noise)


def test_a_row_does_not_depend_on_its_batch(posterior: DiagonalGaussian) -> None:
    whole = posterior.rsample(SampleNoise(3, range(7)))
    alone = DiagonalGaussian(posterior.mean[4:5], posterior.log_variance[4:5])
    assert torch.equal(alone.rsample(SampleNoise(3, [4])), whole[4:5])


def test_repeat_keeps_a_row_together() -> None:
    posterior = DiagonalGaussian(torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [4.0]]))
    repeated = posterior.repeat(2)
    assert repeated.mean.flatten().tolist() == [1, 1, 2, 2]
    assert repeated.log_variance.flatten().tolist() == [3, 3, 4, 4]
    assert torch.equal(posterior.mode(), posterior.mean)


def test_noise_of_another_size_is_refused(posterior: DiagonalGaussian) -> None:
    with pytest.raises(SpecError, match="1 rows"):
        posterior.rsample(BatchNoise(1, 0))
