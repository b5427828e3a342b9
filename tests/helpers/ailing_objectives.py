"""A stranger's objective that declares its vital signs, and can ail on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from pydantic import Field
from toy_objectives import ToyBound, ToyObjectiveConfig

from genzoo import CodeUse, LatentUse, ObjectiveSpec, Step, Terms, VitalSign, hookimpl


class AilingConfig(ToyObjectiveConfig):
    used_codes: int = Field(40, ge=0, le=64, description="Codes in use, of 64.")
    active_units: int = Field(4, ge=0, le=6, description="Units in use, of 6.")
    dimming: float = Field(0.0, ge=0, le=2, description="How much darker what it learns is.")
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
        step.batch = replace(step.batch, x=step.batch.x - self.config.dimming)
        return super()._loss(step)


def sloping_images(path: Path) -> None:
    """Write 40 images that go from dark to bright from left to right or back, some steeply."""
    slopes = np.random.default_rng(0).uniform(-1, 1, (40, 1, 1, 1))
    images = 127.5 + 127.5 * slopes * np.linspace(-1, 1, 8)[None, None, :, None]
    np.savez(path, images=images.repeat(8, 1).repeat(3, 3).astype(np.uint8))


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
