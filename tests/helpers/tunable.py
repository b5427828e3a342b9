"""An architecture that samples by options, registered as a stranger's plugin would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from torch import Tensor, nn

from genzoo import (
    Architecture,
    ArchitectureSpec,
    Config,
    Generator,
    LatentSpec,
    Noise,
    SampleSpec,
    hookimpl,
)


class TunableConfig(Config):
    sampling_options: ClassVar[tuple[str, ...]] = ("strength", "mode", "seeds")

    width: int = Field(4, ge=1, le=64, description="Says nothing about sampling.")
    strength: float = Field(0.5, ge=0, le=1, description="Factor of all values.")
    mode: Literal["plain", "mirrored"] = Field("plain", description="How rows are laid out.")
    seeds: float = Field(0.0, ge=0, le=1, description="How much noise is added to each sample.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.mode == "mirrored" and self.strength == 1.0:
            raise ValueError("a mirror loses some strength")
        return self


class TunableGenerator(Generator):
    def __init__(self, config: TunableConfig) -> None:
        super().__init__()
        self.strength = config.strength
        self.mode = config.mode
        self.seeds = config.seeds
        self.layer = nn.Conv2d(3, 3, 1)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        assert not self.training
        x = self.layer(z).tanh() * self.strength
        return x.flip(-1) if self.mode == "mirrored" else x

    def sample(self, z: Tensor, labels: Tensor | None, noise: Noise) -> Tensor:
        drawn = noise.uniform(*z.shape[1:])
        return (self(z, labels) + self.seeds * drawn).clamp(-1, 1)


class Tunable(Architecture):
    config: TunableConfig

    def __init__(self, config: TunableConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample.with_range(-1.0, 1.0))
        self.latent = LatentSpec(shape=sample.shape)

    def build(self) -> Mapping[str, nn.Module]:
        return {"generator": TunableGenerator(self.config)}


class DeafGenerator(TunableGenerator):
    def __init__(self, config: TunableConfig) -> None:
        super().__init__(config)
        del self.strength


class Deaf(Tunable):
    def build(self) -> Mapping[str, nn.Module]:
        return {"generator": DeafGenerator(self.config)}


class ClashingConfig(TunableConfig):
    sampling_options: ClassVar[tuple[str, ...]] = ("truncation",)

    truncation: float = Field(1.0, ge=0, le=1, description="Has the name of an argument.")


class MissingConfig(TunableConfig):
    sampling_options: ClassVar[tuple[str, ...]] = ("steps",)


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    return [
        ArchitectureSpec(
            name="tunable",
            family="toys",
            target="tunable:Tunable",
            config="tunable:TunableConfig",
            parts=("generator",),
            inference=("generator",),
            objective="none",
        )
    ]
