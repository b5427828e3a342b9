"""A linear variational autoencoder is probabilistic PCA (Lucas et al. 2019)."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from plugins.vae.linear_gaussian import (
    GivenNoise,
    LinearDecoder,
    LinearEncoder,
    exact_log_likelihood,
    ppca_log_likelihood,
)
from torch import Tensor

from genzoo import LatentSpec, SampleSpec, Step, Terms, TrainingContext
from genzoo_vae.configs import ELBOConfig
from genzoo_vae.elbo import ELBO

DATA, LATENT, COUNT = 6, 2, 400


def correlated_data() -> Tensor:
    generator = torch.Generator().manual_seed(4)
    mixing = torch.randn(DATA, DATA, generator=generator, dtype=torch.float64)
    return torch.randn(COUNT, DATA, generator=generator, dtype=torch.float64) @ mixing + 2.0


def cubature(count: int) -> Tensor:
    """Points at which the mean of a quadratic form is its expectation under N(0, I)."""
    axes = math.sqrt(LATENT) * torch.eye(LATENT, dtype=torch.float64)
    return torch.cat([axes, -axes]).repeat(count, 1)


@pytest.fixture
def objective() -> ELBO:
    context = TrainingContext(
        SampleSpec(kind="vector", shape=(DATA,)), LatentSpec(shape=(LATENT,)), COUNT, COUNT, 100
    )
    return ELBO(ELBOConfig(), context)


def test_elbo_of_the_best_linear_vae_is_the_likelihood_of_ppca(
    objective: ELBO,
    make_step: Callable[..., Step],
    reduce_terms: Callable[[Terms, int], Tensor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = correlated_data()
    rows = x.repeat_interleave(2 * LATENT, 0)
    noise = GivenNoise(cubature(COUNT))
    encoder, decoder = LinearEncoder(DATA, LATENT).double(), LinearDecoder(DATA, LATENT).double()
    step = make_step({"encoder": encoder, "decoder": decoder}, rows, latent_dim=LATENT)
    monkeypatch.setattr(step, "noise", lambda name, count=None: noise)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.LBFGS(
        parameters, max_iter=500, tolerance_grad=1e-10, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = reduce_terms(objective.phases()[0].loss(step), len(rows))
        loss.backward()
        return loss

    optimizer.step(closure)
    negative_elbo = float(closure().detach())
    closed_form = ppca_log_likelihood(x, LATENT)
    assert -negative_elbo == pytest.approx(closed_form, abs=1e-7)
    with torch.no_grad():
        assert float(exact_log_likelihood(decoder, x).mean()) == pytest.approx(
            closed_form, abs=1e-7
        )


def test_adam_on_noisy_gradients_gets_there_too(
    objective: ELBO,
    make_step: Callable[..., Step],
    reduce_terms: Callable[[Terms, int], Tensor],
) -> None:
    x = correlated_data().float()
    encoder, decoder = LinearEncoder(DATA, LATENT), LinearDecoder(DATA, LATENT)
    parts = {"encoder": encoder, "decoder": decoder}
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 600)
    for index in range(600):
        step = make_step(parts, x, latent_dim=LATENT)
        step._identity = (index,)
        optimizer.zero_grad()
        reduce_terms(objective.phases()[0].loss(step), COUNT).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        reached = float(exact_log_likelihood(decoder.double(), x.double()).mean())
    assert reached == pytest.approx(ppca_log_likelihood(x.double(), LATENT), abs=0.005)
