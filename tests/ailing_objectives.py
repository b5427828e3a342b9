"""A stranger's objective that declares its vital signs, and can ail on purpose."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field
from toy_objectives import ToyBound, ToyObjectiveConfig

from genzoo import CodeUse, LatentUse, ObjectiveSpec, Step, Terms, VitalSign, hookimpl


class AilingConfig(ToyObjectiveConfig):
    used_codes: int = Field(40, ge=0, le=64, description="Codes in use, of 64.")
    active_units: int = Field(4, ge=0, le=6, description="Units in use, of 6.")
    raises: bool = Field(False, description="Fails to say what its values mean.")


class Ailing(ToyBound):
    """Reports the figures of its configuration."""

    config: AilingConfig

    def vital_signs(self) -> Sequence[VitalSign]:
        if self.config.raises:
            raise RuntimeError("it hurts")
        return (
            CodeUse("bound/codes", 64, "Type --restart-codes."),
            LatentUse("bound/units", 6, "Type --beta 0.1."),
        )

    def _loss(self, step: Step) -> Terms:
        step.report("codes", torch.tensor(float(self.config.used_codes)))
        step.report("units", torch.tensor(float(self.config.active_units)))
        return super()._loss(step)


@hookimpl
def genzoo_objectives() -> list[ObjectiveSpec]:
    return [
        ObjectiveSpec(
            name="ailing",
            family="vae",
            target="ailing_objectives:Ailing",
            config="ailing_objectives:AilingConfig",
            requires=("encoder", "decoder"),
        )
    ]
