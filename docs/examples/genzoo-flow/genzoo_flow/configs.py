"""The options of this plugin. Nothing here imports torch."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from genzoo import Config

AdamBeta = Annotated[float, Field(ge=0.0, lt=1.0)]


class RealNVPConfig(Config):
    """Options of the architecture `realnvp`."""

    scales: int = Field(
        2, ge=1, le=6, description="Times that an image is halved; its sides must allow it."
    )
    couplings: int = Field(4, ge=1, le=32, description="Couplings of each mask at each scale.")
    width: int = Field(48, ge=1, le=1024, description="Channels in a coupling's network.")
    blocks: int = Field(2, ge=0, le=32, description="Residual blocks in a coupling's network.")


class PointRealNVPConfig(Config):
    """Options of the architecture `realnvp-points`."""

    couplings: int = Field(12, ge=2, le=64, description="Couplings; they take turns at x and y.")
    width: int = Field(64, ge=1, le=1024, description="Features in a coupling's network.")
    blocks: int = Field(2, ge=0, le=32, description="Residual blocks in a coupling's network.")


class PointOptions(Config):
    """Options of the kind `points`: what data are made into."""

    extent: float | None = Field(
        None,
        gt=0.0,
        le=1e6,
        description="Points lie between -extent and extent. Default: as the data, with a margin.",
    )


class LikelihoodConfig(Config):
    """Options of the objective `likelihood`."""

    learning_rate: float = Field(1e-3, gt=0.0, le=1.0, description="Adam's step size.")
    betas: tuple[AdamBeta, AdamBeta] = Field(
        (0.9, 0.999), description="Decay rates of Adam's two running means."
    )
