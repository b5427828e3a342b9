"""The options of the latent autoencoders. Nothing here imports torch."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Self

from pydantic import Field, model_validator

from genzoo import Config, QuantiserConfig

Width = Annotated[int, Field(ge=4, le=2048)]
BlockCount = Annotated[int, Field(ge=0, le=64)]

OVERLAP = 4
"""Neighbouring tiles share a tile's side divided by this."""


class LatentAutoencoderConfig(Config):
    """What all of them have."""

    tile: int = Field(
        512,
        ge=8,
        le=8192,
        description="Larger images are computed in overlapping tiles with sides of so many pixels.",
    )
    scale: float = Field(
        0.2,
        ge=1e-3,
        le=10.0,
        description="Standard deviation of a value under p(x|z), for training alone.",
    )

    @property
    @abstractmethod
    def factor(self) -> int:
        """Pixels of the image, along a side, for one of the latent image."""

    @model_validator(mode="after")
    def _check_tile(self) -> Self:
        if self.tile % (OVERLAP * self.factor):
            raise ValueError(f"tile must be a multiple of {OVERLAP * self.factor}")
        return self


class LatentSpaceConfig(Config):
    """The latents of those that have no codes."""

    latent_channels: int = Field(4, ge=1, le=256, description="Channels of the latent image.")
    scaling_factor: float = Field(
        1.0,
        gt=0.0,
        le=1e6,
        description="Diffusion models on these latents see (z - shift_factor) * scaling_factor; "
        "encode and decode apply neither.",
    )
    shift_factor: float = Field(0.0, ge=-1e6, le=1e6, description="See scaling_factor.")
    latent_space: str = Field(
        "",
        pattern=r"^[a-z0-9.-]{0,64}$",
        description="Name of the latent space, where other models share it but for the two "
        "factors; empty for one of its own.",
    )


class ResidualAutoencoderConfig(LatentAutoencoderConfig):
    """The networks of `kl-autoencoder` and `vq-autoencoder`."""

    widths: tuple[Width, ...] = Field(
        (128, 256, 512, 512),
        min_length=1,
        max_length=8,
        description="Channels at each resolution, the image's own first; each next one is half.",
    )
    layers: int = Field(2, ge=1, le=16, description="Residual blocks at each resolution.")
    groups: int = Field(32, ge=1, le=1024, description="Groups of each group normalisation.")
    attention: bool = Field(True, description="Self-attention at the least resolution.")
    quant_conv: bool = Field(True, description="A 1x1 convolution after the encoder.")
    post_quant_conv: bool = Field(True, description="A 1x1 convolution before the decoder.")

    @property
    def factor(self) -> int:
        """Each resolution but the last is halved once."""
        return 1 << (len(self.widths) - 1)

    @model_validator(mode="after")
    def _check_groups(self) -> Self:
        if any(width % self.groups for width in self.widths):
            raise ValueError(f"widths must be multiples of groups, {self.groups}")
        return self


class KLAutoencoderConfig(ResidualAutoencoderConfig, LatentSpaceConfig):
    """Options of the architecture `kl-autoencoder`."""


class VQAutoencoderConfig(ResidualAutoencoderConfig, QuantiserConfig):
    """Options of the architecture `vq-autoencoder`."""

    widths: tuple[Width, ...] = Field(
        (32, 64, 128),
        min_length=1,
        max_length=8,
        description="Channels at each resolution, the image's own first; each next one is half.",
    )
    layers: int = Field(1, ge=1, le=16, description="Residual blocks at each resolution.")
    groups: int = Field(8, ge=1, le=1024, description="Groups of each group normalisation.")


class TinyAutoencoderConfig(LatentAutoencoderConfig, LatentSpaceConfig):
    """Options of the architecture `tiny-autoencoder`."""

    width: int = Field(64, ge=4, le=2048, description="Channels of every layer.")
    encoder_blocks: tuple[BlockCount, ...] = Field(
        (1, 3, 3, 3),
        min_length=1,
        max_length=8,
        description="Residual blocks of the encoder at each resolution, the image's own first.",
    )
    decoder_blocks: tuple[BlockCount, ...] = Field(
        (3, 3, 3, 1),
        min_length=1,
        max_length=8,
        description="Residual blocks of the decoder at each resolution, the image's own last.",
    )
    posterior_scale: float = Field(
        0.1,
        ge=1e-3,
        le=10.0,
        description="Standard deviation of q(z|x), which its encoder does not give, for training "
        "alone.",
    )

    @property
    def factor(self) -> int:
        """Each resolution but the last is halved once."""
        return 1 << (len(self.encoder_blocks) - 1)

    @model_validator(mode="after")
    def _check_blocks(self) -> Self:
        if len(self.encoder_blocks) != len(self.decoder_blocks):
            raise ValueError("encoder_blocks and decoder_blocks must be equally many")
        return self
