"""The options of networks and objectives. Nothing here imports torch."""

from __future__ import annotations

from pydantic import Field

from genzoo import Config


class SpecVAEConfig(Config):
    """Options of the architecture `spec-vae`."""

    latent_dim: int = Field(64, ge=1, le=4096, description="Numbers in a latent.")
    width: int = Field(
        160, ge=8, le=2048, multiple_of=8, description="Channels of every layer, a multiple of 8."
    )
    scale: float = Field(
        0.1,
        ge=3e-3,
        le=10.0,
        description="Where the standard deviation of a log magnitude starts; it is learned.",
    )
