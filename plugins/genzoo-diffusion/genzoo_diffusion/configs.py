"""The options of this plugin. Nothing here imports torch."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from genzoo import Config

ScheduleName = Literal["cosine", "linear"]
SamplerName = Literal["ddim", "euler", "heun"]
Beta = Annotated[float, Field(ge=0.0, lt=1.0)]


class SamplingOptions(Config):
    """How samples are made; all of it can be changed after training."""

    sampling_options: ClassVar[tuple[str, ...]] = ("sampler", "sampling_steps", "guidance", "eta")

    sampler: SamplerName = Field(
        "ddim", description="How noise is undone. A step of heun takes two evaluations."
    )
    sampling_steps: int = Field(25, ge=1, le=10_000, description="Steps that a sample takes.")
    guidance: float = Field(
        1.0,
        ge=0.0,
        le=20.0,
        description="Weight of the class: 1 takes it as learned, more exaggerates it at twice the "
        "cost. Models without classes ignore it.",
    )
    eta: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="Fresh noise in each step of ddim: 0 none, 1 as much as DDPM's own sampler.",
    )

    @model_validator(mode="after")
    def _check_eta(self) -> Self:
        if self.eta and self.sampler != "ddim":
            raise ValueError(f"the sampler {self.sampler} draws no noise: eta is 0 or ddim is used")
        return self


class DDPMOptions(SamplingOptions):
    """Noise that keeps the variance."""

    schedule: ScheduleName = Field("cosine", description="How noise grows with time.")
    timesteps: int = Field(1000, ge=50, le=10_000, description="Times from clean to pure noise.")

    @model_validator(mode="after")
    def _check_steps(self) -> Self:
        if self.sampling_steps > self.timesteps:
            raise ValueError(f"sampling_steps can be at most timesteps, here {self.timesteps}")
        return self


class FlowOptions(SamplingOptions):
    """Straight lines from samples to noise."""

    sampler: SamplerName = Field(
        "heun", description="How noise is undone. A step of heun takes two evaluations."
    )
    sampling_steps: int = Field(15, ge=1, le=10_000, description="Steps that a sample takes.")


class UNetOptions(Config):
    """A convolutional network that goes down to few points and up again."""

    width: int = Field(
        32, ge=8, le=512, multiple_of=8, description="Channels of the finest level; others have 2x."
    )
    blocks: int = Field(1, ge=1, le=8, description="Residual blocks at each level, each way.")
    patch: Literal[1, 2, 4] = Field(
        2,
        description="Side of the squares of pixels that make one point; 2 is about 4x faster.",
    )
    attention: bool = Field(True, description="Self-attention at the coarsest level.")


class TransformerOptions(Config):
    """A transformer over patches."""

    width: int = Field(192, ge=32, le=2048, multiple_of=32, description="Features of a patch.")
    depth: int = Field(6, ge=1, le=64, description="Blocks.")
    patch: Literal[1, 2, 4, 8] = Field(4, description="Side of a patch in pixels.")


class DDPMUNetConfig(UNetOptions, DDPMOptions):
    """Options of the architecture `ddpm-unet`."""


class DDPMTransformerConfig(TransformerOptions, DDPMOptions):
    """Options of the architecture `ddpm-dit`."""


class FlowUNetConfig(UNetOptions, FlowOptions):
    """Options of the architecture `flow-unet`."""


class FlowTransformerConfig(TransformerOptions, FlowOptions):
    """Options of the architecture `flow-dit`."""


class LearningOptions(Config):
    """What the objectives have in common."""

    label_dropout: float = Field(
        0.1, ge=0.0, lt=1.0, description="Share of labels hidden, so that guidance can be used."
    )
    learning_rate: float = Field(1e-3, gt=0.0, le=1.0, description="Adam's step size.")
    betas: tuple[Beta, Beta] = Field((0.9, 0.999), description="Decay rates of Adam's two means.")


class DenoisingConfig(LearningOptions):
    """Options of the objective `ddpm`."""


class FlowMatchingConfig(LearningOptions):
    """Options of the objective `flow-matching`."""

    times: Literal["logit-normal", "uniform"] = Field(
        "logit-normal", description="How times are drawn: mostly in the middle, or all alike."
    )
    location: float = Field(
        0.0, ge=-5.0, le=5.0, description="Mean of the logit; above 0 more noise is practised."
    )
    scale: float = Field(1.0, gt=0.0, le=5.0, description="Standard deviation of the logit.")
