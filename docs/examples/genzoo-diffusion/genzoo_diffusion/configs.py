"""The options of this plugin. Nothing here imports torch."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from genzoo import Config

ScheduleName = Literal["cosine", "linear"]
Beta = Annotated[float, Field(ge=0.0, lt=1.0)]


class DDPMConfig(Config):
    """Options of the architecture `ddpm`."""

    sampling_options: ClassVar[tuple[str, ...]] = ("sampling_steps", "guidance")

    width: int = Field(
        32, ge=8, le=512, multiple_of=8, description="Channels of the finest level; others have 2x."
    )
    blocks: int = Field(1, ge=1, le=8, description="Residual blocks at each level, each way.")
    patch: Literal[1, 2, 4] = Field(
        2,
        description="Side of the squares of pixels that make one point; 2 is about 4x faster.",
    )
    schedule: ScheduleName = Field("cosine", description="How noise grows with time.")
    timesteps: int = Field(1000, ge=50, le=10_000, description="Times from clean to pure noise.")
    sampling_steps: int = Field(25, ge=1, le=10_000, description="DDIM steps that a sample takes.")
    guidance: float = Field(
        1.0,
        ge=0.0,
        le=20.0,
        description="Weight of the class: 1 takes it as learned, more exaggerates it at twice the "
        "cost. Models without classes ignore it.",
    )

    @model_validator(mode="after")
    def _check_steps(self) -> Self:
        if self.sampling_steps > self.timesteps:
            raise ValueError(f"sampling_steps can be at most timesteps, here {self.timesteps}")
        return self


class DenoisingConfig(Config):
    """Options of the objective `ddpm`."""

    label_dropout: float = Field(
        0.1, ge=0.0, lt=1.0, description="Share of labels hidden, so that guidance can be used."
    )
    learning_rate: float = Field(1e-3, gt=0.0, le=1.0, description="Adam's step size.")
    betas: tuple[Beta, Beta] = Field((0.9, 0.999), description="Decay rates of Adam's two means.")
