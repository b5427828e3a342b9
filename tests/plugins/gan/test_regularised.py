"""R1 and consistency beside losses that bring no regularisation of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import nn

from genzoo import CapabilityError, Step, Term, TrainingContext
from genzoo_gan.configs import GANConfig, HingeConfig, LSGANConfig
from genzoo_gan.objectives.hinge import HingeGAN
from genzoo_gan.objectives.least_squares import LeastSquaresGAN
from genzoo_gan.objectives.logistic import LogisticGAN
from genzoo_gan.objectives.regularised import RegularisedObjective

ALL = [(LogisticGAN, GANConfig), (LeastSquaresGAN, LSGANConfig), (HingeGAN, HingeConfig)]


class Quadratic(nn.Module):
    """D(x) = the sum of a x^2, whose gradient is 2 a x."""

    couples_batch = False

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(0.5))

    def forward(self, x: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        return self.a * x.square().flatten(1).sum(1)


@pytest.mark.parametrize(("kind", "config"), ALL)
def test_nothing_is_added_unless_it_is_asked_for(
    kind: type[RegularisedObjective], config: type[GANConfig], context: TrainingContext
) -> None:
    assert [phase.name for phase in kind(config(), context).phases()] == [
        "discriminator",
        "generator",
    ]


@pytest.mark.parametrize(("kind", "config"), ALL)
def test_r1_is_the_squared_gradient_on_real_samples_lazily(
    kind: type[RegularisedObjective],
    config: type[GANConfig],
    context: TrainingContext,
    parts: Mapping[str, nn.Module],
    make_step: Callable[..., Step],
) -> None:
    objective = kind(config(r1=3.0, r1_every=8), context)
    lazy = objective.phases()[0]
    assert (lazy.name, lazy.every, lazy.optimizer_step, lazy.second_order) == ("r1", 8, False, True)
    step = make_step({**parts, "discriminator": Quadratic()})
    (term,) = lazy.loss(step).values()
    assert isinstance(term, Term)
    assert term.weight == 1.5
    torch.testing.assert_close(term.value, step.batch.x.square().flatten(1).sum(1))


@pytest.mark.parametrize(("kind", "config"), ALL)
def test_consistency_compares_logits_of_samples_and_of_moved_ones(
    kind: type[RegularisedObjective],
    config: type[GANConfig],
    context: TrainingContext,
    parts: Mapping[str, nn.Module],
    make_step: Callable[..., Step],
) -> None:
    objective = kind(config(consistency=10.0), context)
    terms = objective.phases()[0].loss(make_step(parts))
    for name in ("consistent_real", "consistent_fake"):
        term = terms[name]
        assert isinstance(term, Term)
        assert term.weight == 10.0
        assert term.value.shape == (6,)
        assert (term.value > 0).any()
    # What a shift cannot change is consistent.
    blind = make_step({**parts, "discriminator": Blind()})
    for name in ("consistent_real", "consistent_fake"):
        term = objective.phases()[0].loss(blind)[name]
        assert isinstance(term, Term)
        assert (term.value == 0).all()


class Blind(nn.Module):
    """Gives every sample the same logit."""

    couples_batch = False

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        return self.bias + 0 * x.flatten(1).sum(1)


def test_r1_refuses_a_discriminator_that_couples_its_batch(
    context: TrainingContext, parts: Mapping[str, nn.Module]
) -> None:
    discriminator = Quadratic()
    discriminator.couples_batch = True
    with pytest.raises(CapabilityError, match="R1"):
        HingeGAN(HingeConfig(r1=1.0), context).check({**parts, "discriminator": discriminator})
