"""An architecture and an objective with every kind of field, and no code behind them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from genzoo import ArchitectureSpec, Config, DatasetSpec, ObjectiveSpec, hookimpl

Beta = Annotated[float, Field(ge=0, lt=1)]


class SketchConfig(Config):
    width: int = Field(32, ge=4, le=64, description="Channels.")
    norm: Literal["batch", "none"] = Field("batch", description="Normalisation.")
    residual: bool = Field(True, description="Shortcuts.")
    sizes: tuple[int, ...] = Field((8, 4), description="Sides.")
    steps: int = Field(3, ge=1, description="Inner steps; shares its name with the training's.")


class SketchLossConfig(Config):
    width: float = Field(0.5, gt=0, description="Shares its name with the architecture's.")
    gamma: float = Field(1.0, ge=0.0, description="Weight.")
    betas: tuple[Beta, Beta] = Field((0.5, 0.9), description="Decay rates.")
    rate: float | None = Field(None, gt=0, le=1, description="Step size.")


class OtherLossConfig(Config):
    margin: float = Field(1.0, description="Margin.")


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    return [
        ArchitectureSpec(
            name="sketch",
            summary="A drawing of an architecture",
            family="sketches",
            target="sketches:absent",
            config="sketches:SketchConfig",
            parts=("generator",),
            inference=("generator",),
            objective="sketch-loss",
            objective_defaults={"gamma": 8.0},
        )
    ]


@hookimpl
def genzoo_objectives() -> list[ObjectiveSpec]:
    return [
        ObjectiveSpec(
            name="sketch-loss",
            family="sketches",
            target="sketches:absent",
            config="sketches:SketchLossConfig",
            requires=("generator",),
        ),
        ObjectiveSpec(
            name="other-loss",
            family="sketches",
            target="sketches:absent",
            config="sketches:OtherLossConfig",
            requires=("generator",),
        ),
    ]


@hookimpl
def genzoo_datasets() -> list[DatasetSpec]:
    return [DatasetSpec(name="stripes", target="sketches:stripes", version="1", licence="CC0-1.0")]


def stripes():
    import numpy as np

    from genzoo import RawSamples

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    return RawSamples(images, np.arange(40) % 2, ("cat", "dog"))
