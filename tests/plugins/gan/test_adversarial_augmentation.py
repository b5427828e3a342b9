"""What players are shown: samples augmented in the data's range, in each role by other numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from objectives_by_hand import phases_of
from torch import Tensor, nn

from genzoo import BatchNoise, SampleSpec, Step, TrainingContext
from genzoo_gan.adaptive.ada import ImageAugment

Parts = Mapping[str, nn.Module]
MakeStep = Callable[..., Step]

STREAMS = ("real", "fake", "penalised-real", "penalised-fake")


class Copier(nn.Module):
    """A generator that has the batch by heart."""

    def __init__(self, x: Tensor) -> None:
        super().__init__()
        self.x = x

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.x


class Witness(nn.Module):
    """A discriminator that keeps what it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Tensor] = []

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        self.shown.append(x.detach().clone())
        return x.mean(dim=(1, 2, 3))


def options(augment: str) -> dict[str, Any]:
    return {"augment": augment, "ada_probability": 0.8 if augment == "ada" else None, "ada_over": 0}


@pytest.mark.parametrize("augment", ["color", "translation", "cutout", "ada"])
def test_equal_samples_are_augmented_in_another_way_in_each_role(
    augment: str, make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    step = make_step(parts)
    step.parts = {**parts, "generator": Copier(step.batch.x)}
    objective = make_objective("r3gan", **options(augment))
    made = {name: objective.augmented(step, step.batch.x, name) for name in STREAMS}
    made |= {"the real": objective.real(step), "the fake": objective.fake(step)}
    names = list(made)
    alike = [
        (one, other)
        for place, one in enumerate(names)
        for other in names[place + 1 :]
        if torch.equal(made[one], made[other])
    ]
    assert alike == []


@pytest.mark.parametrize("augment", ["color,translation,cutout", "ada"])
def test_what_is_augmented_in_one_role_does_not_hang_on_what_was_in_another(
    augment: str, make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    """So a step with a lazy penalty shows the other phases what one without it does."""
    objective = make_objective("r3gan", **options(augment))
    orders = []
    for names in (STREAMS, STREAMS[::-1]):
        step = make_step(parts)
        orders.append({name: objective.augmented(step, step.batch.x, name) for name in names})
    for name in STREAMS:
        assert torch.equal(orders[0][name], orders[1][name]), name


@pytest.mark.parametrize(
    "chosen",
    [
        {"augment": "color"},
        {"augment": "ada"},
        {"augment": "ada", "ada_probability": 0.8},
    ],
    ids=["DiffAugment", "adaptive", "scheduled"],
)
def test_augmentation_is_the_same_whatever_range_the_samples_have(
    chosen: dict[str, Any], make_objective: Callable[..., Any], context: TrainingContext
) -> None:
    x = torch.rand(6, 3, 16, 16)
    unit = replace(context, sample=SampleSpec(shape=(3, 16, 16), low=0.0, high=1.0))
    found = []
    for where, samples in ((context, x * 2 - 1), (unit, x)):
        augment = make_objective("gan", context=where, **chosen).augment
        if isinstance(augment, ImageAugment):
            augment.probability = 0.9
        found.append(augment(samples, BatchNoise(6, 3)))
    torch.testing.assert_close(found[0], found[1] * 2 - 1, rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", ["r3gan", "r3gan-every-step"])
@pytest.mark.parametrize("augment", ["color,translation,cutout", "ada"])
def test_the_generator_is_compared_with_the_real_samples_as_the_discriminator_sees_them(
    name: str, augment: str, make_objective: Callable[..., Any], make_step: MakeStep, parts: Parts
) -> None:
    witness = Witness()
    step = make_step({**parts, "discriminator": witness})
    objective = make_objective(name, **options(augment))
    phases_of(objective)["generator"].loss(step)
    real, fake = witness.shown
    assert not torch.equal(real, step.batch.x)
    assert torch.equal(real, objective.real(step))
    assert torch.equal(fake, objective.fake(step))
