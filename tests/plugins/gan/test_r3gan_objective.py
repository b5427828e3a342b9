"""The objective r3gan: its penalties, and the images that they differentiate by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from objectives_by_hand import LinearDiscriminator, phases_of
from torch import Tensor, nn

from genzoo import Phase, Step, Term

Parts = Mapping[str, nn.Module]
MakeStep = Callable[..., Step]
Reduce = Callable[[Phase, Step], Tensor]


def test_r3gan_penalises_with_half_gamma(
    make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    linear = LinearDiscriminator()
    step = make_step({**parts, "discriminator": linear})
    terms = phases_of(make_objective("r3gan", gamma=3.0))["penalty"].loss(step)
    squared_norm = linear.weight.square().sum().expand(6)
    assert set(terms) == {"r1", "r2"}
    for term in terms.values():
        assert isinstance(term, Term)
        assert term.weight == 1.5
        torch.testing.assert_close(term.value, squared_norm)


def penalties_of(objective: Any, step: Step) -> dict[str, Tensor]:
    """Values of R1 and R2."""
    terms = objective.phases()[0].loss(step)
    return {name: terms[name].value for name in ("r1", "r2")}


@pytest.mark.parametrize("name", ["r3gan", "r3gan-every-step"])
@pytest.mark.parametrize("augment", ["color,translation,cutout", "ada"])
def test_r3gan_penalises_gradients_by_plain_images_through_the_augmentation(
    name: str, augment: str, make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    linear = LinearDiscriminator()
    objective = make_objective(name, augment=augment, ada_probability=0.8, ada_over=0.0)
    found = penalties_of(objective, make_step({**parts, "discriminator": linear}))
    step = make_step(parts)
    plain = {"r1": ("real", step.batch.x), "r2": ("fake", objective.plain_fake(step))}
    for term, (which, x) in plain.items():
        leaf = x.detach().requires_grad_()
        logits = linear(objective.augmented(step, leaf, f"penalised-{which}"))
        (gradient,) = torch.autograd.grad(logits.sum(), leaf)
        torch.testing.assert_close(found[term], gradient.square().flatten(1).sum(1))
        assert found[term].unique().numel() > 1


def test_r3gan_can_penalise_gradients_by_augmented_images(
    make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    linear = LinearDiscriminator()
    objective = make_objective("r3gan", augment="color,cutout", penalty_on="augmented")
    found = penalties_of(objective, make_step({**parts, "discriminator": linear}))
    for value in found.values():
        torch.testing.assert_close(value, linear.weight.square().sum().expand(6))


@pytest.mark.parametrize("name", ["r3gan", "r3gan-every-step"])
def test_without_augmentation_both_penalties_are_the_same(
    name: str, make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    plain, augmented = (
        penalties_of(make_objective(name, augment="none", penalty_on=on), make_step(parts))
        for on in ("plain", "augmented")
    )
    assert all(torch.equal(plain[term], augmented[term]) for term in plain)


@pytest.mark.parametrize("augment", ["color,translation,cutout", "ada"])
def test_plain_penalties_train_the_discriminator(
    augment: str,
    make_objective: Callable[..., Any],
    make_step: MakeStep,
    parts: Parts,
    reduce_terms: Reduce,
) -> None:
    objective = make_objective("r3gan", augment=augment, ada_probability=0.8, ada_over=0.0)
    reduce_terms(objective.phases()[0], make_step(parts)).backward()
    weights = parts["discriminator"].layers[0].weight
    assert weights.grad is not None
    assert weights.grad.isfinite().all()
    assert weights.grad.abs().sum() > 0


def test_whatever_is_augmented_is_augmented_with_numbers_of_its_own(
    make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    objective, step = make_objective("r3gan", augment="color,translation,cutout"), make_step(parts)
    names = ("real", "fake", "penalised-real", "penalised-fake")
    made = [objective.augmented(step, step.batch.x, name) for name in names]
    for place, x in enumerate(made):
        assert not any(torch.equal(x, other) for other in made[place + 1 :])


@pytest.mark.parametrize("name", ["r3gan", "r3gan-every-step"])
def test_r3gans_gamma_falls_along_a_cosine(
    name: str, make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    objective = make_objective(name, gamma=2.0, gamma_end=0.2, burn_in=0.5)
    phase = objective.phases()[0]
    for index, gamma in ((0, 2.0), (25, 1.1), (50, 0.2), (99, 0.2)):
        step = make_step(parts)
        step.index = index
        terms = phase.loss(step)
        assert terms["r1"].weight == terms["r2"].weight == pytest.approx(gamma / 2)


def test_r3gan_lazily_or_not_is_the_same_loss(
    make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts, reduce_terms: Reduce
) -> None:
    lazy, eager = make_step(parts), make_step(parts)
    phases = phases_of(make_objective("r3gan"))
    split = reduce_terms(phases["penalty"], lazy) + reduce_terms(phases["discriminator"], lazy)
    whole = reduce_terms(phases_of(make_objective("r3gan-every-step"))["discriminator"], eager)
    torch.testing.assert_close(split, whole)


def test_r3gan_lazy_penalty_joins_the_discriminators_move(
    make_objective: Callable[..., Any],
) -> None:
    penalty, discriminator, generator = make_objective("r3gan", penalty_every=8).phases()
    assert (penalty.every, penalty.optimizer_step, penalty.second_order) == (8, False, True)
    assert penalty.trains == discriminator.trains == ("discriminator",)
    assert discriminator.optimizer_step
    assert not discriminator.second_order
    assert generator.trains == ("generator",)
    whole, _ = make_objective("r3gan-every-step").phases()
    assert whole.second_order
