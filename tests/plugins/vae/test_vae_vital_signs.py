"""What the objectives of autoencoders declare to the doctor."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from torch import nn

from genzoo import LatentUse, Objective, Step, TrainingContext
from genzoo_vae.configs import ELBOConfig, IWAEConfig
from genzoo_vae.elbo import ELBO
from genzoo_vae.iwae import IWAE


def sign_of(objective: Objective) -> LatentUse:
    (sign,) = objective.vital_signs()
    assert isinstance(sign, LatentUse)
    return sign


@pytest.mark.parametrize("name", ["elbo", "iwae"])
def test_what_is_declared_is_logged(
    name: str,
    context: TrainingContext,
    parts: Mapping[str, nn.Module],
    make_step: Callable[..., Step],
) -> None:
    elbo = ELBO(ELBOConfig(), context)
    objective = elbo if name == "elbo" else IWAE(IWAEConfig(samples=2), context)
    (phase,) = objective.phases()
    step = make_step(parts)
    phase.loss(step)
    sign = sign_of(objective)
    assert sign.logged in {f"{phase.name}/{reported}" for reported in step.reported}
    assert sign.total == 5
    assert 0 <= float(step.reported["active_units"]) <= sign.total


def test_a_high_beta_is_to_be_lowered_and_another_warmed_up(context: TrainingContext) -> None:
    assert "--beta 1" in sign_of(ELBO(ELBOConfig(beta=1000.0), context)).remedy
    assert "--warmup" in sign_of(ELBO(ELBOConfig(), context)).remedy


def test_what_keeps_a_posterior_alive_is_not_proposed_twice(context: TrainingContext) -> None:
    def remedy(**config: float) -> str:
        return sign_of(ELBO(ELBOConfig(**config), context)).remedy

    assert remedy() == "Start again with --warmup 0.3, or --free-bits 0.1."
    assert remedy(warmup=0.5) == "Start again with --free-bits 0.1."
    assert remedy(free_bits=0.2) == "Start again with --warmup 0.3."
    assert remedy(warmup=0.3, free_bits=0.1) == "Start again with --beta 0.25, or --free-bits 0.4."
