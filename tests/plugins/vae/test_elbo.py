"""The evidence lower bound as an objective."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn

from genzoo import (
    CapabilityError,
    FittedPrior,
    LatentSpec,
    Objective,
    Step,
    Terms,
    TrainingContext,
)
from genzoo_vae.configs import ELBOConfig, IWAEConfig, MixtureConfig
from genzoo_vae.elbo import ELBO, active_units, apply_free_bits, warmup_factor
from genzoo_vae.iwae import IWAE
from genzoo_vae.mixture import GaussianMixturePrior

Reduce = Callable[[Terms, int], Tensor]


@pytest.fixture(params=["elbo", "iwae"])
def objective(request: pytest.FixtureRequest, context: TrainingContext) -> Objective:
    if request.param == "elbo":
        return ELBO(ELBOConfig(), context)
    return IWAE(IWAEConfig(samples=3), context)


@pytest.mark.parametrize(
    ("index", "total", "fraction", "expected"),
    [
        (0, 100, 0.0, 1.0),
        (0, 100, 0.2, 0.0),
        (5, 100, 0.2, 0.25),
        (10, 100, 0.2, 0.5),
        (20, 100, 0.2, 1.0),
        (99, 100, 0.2, 1.0),
        (50, 100, 1.0, 0.5),
    ],
)
def test_warmup_is_linear(index: int, total: int, fraction: float, expected: float) -> None:
    assert warmup_factor(index, total, fraction) == pytest.approx(expected)


def test_warmup_is_repeated_in_cycles() -> None:
    factors = [warmup_factor(index, 40, 0.5, 4) for index in range(40)]
    assert factors == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1] * 4)


def test_free_bits_at_exact_points() -> None:
    kl = torch.tensor([[0.1, 0.0, 3.0], [0.3, 1.2, 5.0]], requires_grad=True)
    rate = apply_free_bits(kl, 0.5)
    assert rate.shape == (2, 3)
    assert rate.mean(0).tolist() == pytest.approx([0.5, 0.6, 4.0])
    rate.sum(1).mean().backward()
    assert kl.grad is not None
    assert kl.grad.tolist() == [[0.0, 0.5, 0.5], [0.0, 0.5, 0.5]]


def test_no_free_bits_leave_the_kl_alone() -> None:
    kl = torch.rand(4, 3)
    assert apply_free_bits(kl, 0.0) is kl


def test_terms_are_distortion_and_weighted_rate(
    parts: Mapping[str, nn.Module], context: TrainingContext, make_step: Callable[..., Step]
) -> None:
    config = ELBOConfig(beta=4.0, warmup=0.5, free_bits=2.0)
    step = make_step(parts, index=25)
    terms = ELBO(config, context).loss(step)
    assert terms["rate"].weight == pytest.approx(2.0)
    assert terms["distortion"].weight == 1.0
    posterior = parts["encoder"](step.batch.x)
    rate = terms["rate"].value.detach()
    assert rate.tolist() == pytest.approx([5 * 2.0] * 6), "all five dimensions are below 2 nats"
    expected = -terms["distortion"].value.mean() - posterior.kl().sum(1).mean()
    torch.testing.assert_close(step.reported["elbo"], expected.detach())


def test_the_rate_is_weighted_by_every_option_of_the_warm_up(
    parts: Mapping[str, nn.Module], context: TrainingContext, make_step: Callable[..., Step]
) -> None:
    for index, expected in ((0, 0.0), (5, 1.0), (10, 2.0), (25, 0.0), (30, 1.0), (49, 2.0)):
        config = ELBOConfig(beta=2.0, warmup=0.4, cycles=4)
        step = make_step(parts, index=index)
        terms = ELBO(config, context).loss(step)
        assert step.total == 100
        assert terms["rate"].weight == pytest.approx(expected), index


def test_gradient_of_the_distortion_reaches_the_encoder(
    parts: Mapping[str, nn.Module], context: TrainingContext, make_step: Callable[..., Step]
) -> None:
    terms = ELBO(ELBOConfig(), context).loss(make_step(parts))
    terms["distortion"].value.mean().backward()
    for name, parameter in parts["encoder"].named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_every_parameter_learns_and_no_stranger_does(
    objective: Objective,
    parts: Mapping[str, nn.Module],
    make_step: Callable[..., Step],
    reduce_terms: Reduce,
) -> None:
    stranger = nn.Linear(2, 2)
    stranger.weight.grad = torch.full((2, 2), 7.0)
    step = make_step({**parts, "stranger": stranger})
    (phase,) = objective.phases()
    assert phase.trains == ("encoder", "decoder")
    trained = [p for name in phase.trains for p in parts[name].parameters()]
    reduce_terms(phase.loss(step), 6).backward(inputs=trained)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in trained)
    assert stranger.weight.grad.eq(7.0).all()
    assert stranger.bias.grad is None
    assert step.batch.x.grad is None


def test_randomness_comes_from_the_step_alone(
    objective: Objective,
    parts: Mapping[str, nn.Module],
    make_step: Callable[..., Step],
    reduce_terms: Reduce,
) -> None:
    before = torch.random.get_rng_state()
    (phase,) = objective.phases()
    first = reduce_terms(phase.loss(make_step(parts)), 6)
    assert torch.equal(first, reduce_terms(phase.loss(make_step(parts)), 6))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_some_steps_help(
    objective: Objective,
    parts: Mapping[str, nn.Module],
    make_step: Callable[..., Step],
    reduce_terms: Reduce,
) -> None:
    (phase,) = objective.phases()
    optimizers = []
    for name, part in parts.items():
        settings = objective.optimizer(name)
        optimizers.append(
            torch.optim.Adam(part.parameters(), lr=settings.learning_rate, betas=settings.betas)
        )
    losses = []
    for _ in range(40):
        loss = reduce_terms(phase.loss(make_step(parts)), 6)
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_active_units() -> None:
    means = torch.tensor([[0.0, 1.0, 0.05], [0.0, -1.0, -0.05]])
    assert float(active_units(means)) == 1.0
    assert float(active_units(means[:1])) == 0.0


@pytest.mark.parametrize(("deviation", "active"), [(0.15, 5.0), (0.05, 0.0)])
def test_units_whose_means_lie_far_from_zero_are_counted_as_others_are(deviation, active) -> None:
    means = 1e4 + deviation * torch.randn(1000, 5, generator=torch.Generator().manual_seed(0))
    assert float(active_units(means)) == active


def test_other_networks_are_refused(objective: Objective, parts: Mapping[str, nn.Module]) -> None:
    objective.check(parts)
    with pytest.raises(CapabilityError, match="no decoder"):
        objective.check({"encoder": parts["encoder"], "decoder": nn.Linear(2, 2)})
    with pytest.raises(CapabilityError, match="no encoder"):
        objective.check({})


def test_closed_form_refuses_another_prior(
    parts: Mapping[str, nn.Module], context: TrainingContext, make_step: Callable[..., Step]
) -> None:
    step = make_step(parts)
    prior: FittedPrior = GaussianMixturePrior(LatentSpec(shape=(5,)), MixtureConfig(components=2))
    step.prior = prior
    with pytest.raises(CapabilityError, match="standard normal"):
        ELBO(ELBOConfig(), context).loss(step)
    IWAE(IWAEConfig(samples=2), context).loss(step)
