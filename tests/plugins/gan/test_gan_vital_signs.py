"""What adversarial objectives declare to the doctor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from genzoo import Separation, Step, TrainingContext


def sign_of(objective: Any) -> Separation:
    (sign,) = objective.vital_signs()
    return sign


def test_what_is_declared_is_logged(
    objective_name: str,
    make_objective: Callable[..., Any],
    parts: Mapping[str, nn.Module],
    make_step: Callable[..., Step],
) -> None:
    objective = make_objective(objective_name)
    logged = set()
    for phase in objective.phases():
        step = make_step(parts)
        logged |= {f"{phase.name}/{name}" for name in phase.loss(step)}
        logged |= {f"{phase.name}/{name}" for name in step.reported}
    sign = sign_of(objective)
    assert {sign.logged, *sign.losses} <= logged


def test_separation_is_the_share_of_pairs_told_apart(
    make_objective: Callable[..., Any],
    parts: Mapping[str, nn.Module],
    make_step: Callable[..., Step],
) -> None:
    step = make_step(parts)
    real, fake = torch.tensor([1.0, 0.0, 5.0, 2.0]), torch.tensor([0.0, 1.0, 4.0, -2.0])
    make_objective("gan").watch(step, real, fake)
    assert float(step.reported["separation"]) == 0.75


def test_a_critic_has_no_loss_that_ends_at_zero(make_objective: Callable[..., Any]) -> None:
    assert sign_of(make_objective("wgan-gp")).losses == ()
    assert sign_of(make_objective("wgan-gp")).logged == "critic/separation"


@pytest.mark.parametrize(
    ("options", "typed"),
    [
        ({}, "--discriminator-learning-rate 5e-05"),
        ({"discriminator_learning_rate": 4e-4}, "--discriminator-learning-rate 0.0001"),
        ({"learning_rate": 0.1}, "--learning-rate 0.0002"),
    ],
)
def test_a_strong_discriminator_is_slowed_down(
    make_objective: Callable[..., Any], options: dict[str, float], typed: str
) -> None:
    assert typed in sign_of(make_objective("gan", **options)).weaken


def test_augmentation_is_offered_where_there_is_none(
    make_objective: Callable[..., Any], context: TrainingContext
) -> None:
    few = replace(context, data_count=40)
    plain = sign_of(make_objective("gan", few, augment="none"))
    assert "--augment color,translation,cutout" in plain.regularise
    augmented = sign_of(make_objective("gan", few))
    assert "--augment" not in augmented.regularise
    assert "more data" in augmented.regularise
