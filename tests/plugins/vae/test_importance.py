"""Importance-weighted bounds against the exact log likelihood of a linear Gaussian model."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from plugins.vae.linear_gaussian import LinearEncoder, exact_log_likelihood, exact_pair
from torch import Tensor, nn

from genzoo import (
    BatchNoise,
    Decoder,
    Encoder,
    Gaussian,
    LatentSpec,
    Likelihood,
    Posterior,
    SampleSpec,
    StandardNormal,
    Step,
    TrainingContext,
    estimate_log_likelihood,
    log_weights,
)
from genzoo_vae.configs import ELBOConfig, IWAEConfig
from genzoo_vae.elbo import ELBO
from genzoo_vae.iwae import IWAE

DATA, LATENT, COUNT = 5, 3, 2000
PRIOR = StandardNormal(LatentSpec(shape=(LATENT,)))
CONTEXT = TrainingContext(
    SampleSpec(kind="vector", shape=(DATA,)), LatentSpec(shape=(LATENT,)), COUNT, COUNT, 100
)


def data(count: int = COUNT) -> Tensor:
    return torch.randn(count, DATA, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def blurred(encoder: LinearEncoder) -> LinearEncoder:
    """A posterior that is off: means moved by 0.2, variances doubled."""
    encoder.mean.bias += 0.2
    encoder.log_variance += math.log(2.0)
    return encoder


def test_weights_of_the_exact_posterior_are_the_likelihood_for_any_draw() -> None:
    encoder, decoder = exact_pair(DATA, LATENT)
    x = data()
    weights = log_weights(encoder(x), decoder, PRIOR, x, BatchNoise(COUNT, 0))
    torch.testing.assert_close(weights, exact_log_likelihood(decoder, x), rtol=0, atol=1e-9)


def test_elbo_of_the_exact_posterior_is_the_likelihood(make_step: Callable[..., Step]) -> None:
    encoder, decoder = exact_pair(DATA, LATENT)
    x = data(100_000)
    step = make_step({"encoder": encoder, "decoder": decoder}, x, latent_dim=LATENT)
    ELBO(ELBOConfig(), CONTEXT).loss(step)
    exact = float(exact_log_likelihood(decoder, x).mean())
    assert float(step.reported["elbo"]) == pytest.approx(exact, abs=0.02)


def test_bound_rises_to_the_likelihood_with_the_number_of_samples(
    make_step: Callable[..., Step],
) -> None:
    encoder, decoder = exact_pair(DATA, LATENT)
    parts = {"encoder": blurred(encoder), "decoder": decoder}
    x = data()
    bounds = []
    for samples in (1, 4, 16, 64):
        step = make_step(parts, x, latent_dim=LATENT)
        terms = IWAE(IWAEConfig(samples=samples), CONTEXT).loss(step)
        bounds.append(-float(terms["bound"].value.mean()))
    exact = float(exact_log_likelihood(decoder, x).mean())
    gaps = [exact - bound for bound in bounds]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > 0.5
    assert abs(gaps[-1]) < 0.02


def test_one_sample_gives_the_elbo(make_step: Callable[..., Step]) -> None:
    encoder, decoder = exact_pair(DATA, LATENT)
    parts = {"encoder": blurred(encoder), "decoder": decoder}
    step = make_step(parts, data(), latent_dim=LATENT)
    terms = IWAE(IWAEConfig(samples=1), CONTEXT).loss(step)
    torch.testing.assert_close(-terms["bound"].value.mean(), step.reported["elbo"])


def test_bound_belongs_to_its_own_row(make_step: Callable[..., Step]) -> None:
    encoder, decoder = exact_pair(DATA, LATENT)
    x = data(50)
    step = make_step({"encoder": encoder, "decoder": decoder}, x, latent_dim=LATENT)
    terms = IWAE(IWAEConfig(samples=7), CONTEXT).loss(step)
    torch.testing.assert_close(
        -terms["bound"].value, exact_log_likelihood(decoder, x), rtol=0, atol=1e-9
    )


class Shifted(nn.Module):
    """A pair of networks for samples that are moved by a shift for each class, (K, D)."""

    def __init__(self, part: nn.Module, shifts: Tensor) -> None:
        super().__init__()
        self.part, self.shifts = part, shifts


class ShiftedEncoder(Shifted, Encoder):
    def forward(self, x: Tensor, labels: Tensor | None = None) -> Posterior:
        return self.part(x - self.shifts[labels])


class ShiftedDecoder(Shifted, Decoder):
    def forward(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        return Gaussian(self.part(z).mean() + self.shifts[labels], self.part.log_variance)


def test_each_draw_is_weighed_with_the_label_of_its_row(make_step: Callable[..., Step]) -> None:
    encoder, decoder = exact_pair(DATA, LATENT)
    x, labels = data(50), torch.arange(50) % 4
    shifts = 5 * torch.randn(4, DATA, generator=torch.Generator().manual_seed(3)).double()
    parts = {
        "encoder": ShiftedEncoder(encoder, shifts),
        "decoder": ShiftedDecoder(decoder, shifts),
    }
    exact = exact_log_likelihood(decoder, x - shifts[labels])
    terms = IWAE(IWAEConfig(samples=7), CONTEXT).loss(
        make_step(parts, x, labels, latent_dim=LATENT)
    )
    torch.testing.assert_close(-terms["bound"].value, exact, rtol=0, atol=1e-9)
    estimate = estimate_log_likelihood(
        *parts.values(), PRIOR, x, BatchNoise(50, 0), samples=3, labels=labels
    )
    torch.testing.assert_close(estimate, exact, rtol=0, atol=1e-9)


def test_estimate_converges_for_every_row() -> None:
    encoder, decoder = exact_pair(DATA, LATENT)
    x = data(20)
    estimate = estimate_log_likelihood(
        blurred(encoder), decoder, PRIOR, x, BatchNoise(20, 0), samples=5000
    )
    torch.testing.assert_close(estimate, exact_log_likelihood(decoder, x), rtol=0, atol=0.1)
