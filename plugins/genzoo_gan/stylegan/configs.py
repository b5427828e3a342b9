"""Configurations of the style-based architectures. Nothing here imports torch."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from genzoo_gan.configs import AdversarialConfig, Beta, LatentConfig, LearningRate

Wiring = Literal["skip", "resnet", "orig"]


class StyleConfig(LatentConfig):
    """What style-based networks share."""

    latent_dim: int = Field(512, ge=1, le=4096, description="Dimensions of the latent")
    style_dim: int = Field(512, ge=1, le=4096, description="Dimensions of a style")
    mapping_layers: int = Field(
        2, ge=1, le=32, description="Layers of the network from latents to styles"
    )
    channel_base: int = Field(
        4096,
        ge=4,
        le=1 << 20,
        description="Channels of a layer times its resolution: 32768 is NVIDIA's for 512 pixels "
        "and more, 16384 for less",
    )
    channel_max: int = Field(512, ge=1, le=8192, description="Most channels of a layer")
    discriminator_channel_base: int | None = Field(
        None, ge=4, le=1 << 20, description="The discriminator's; channel_base if not given"
    )
    discriminator_channel_max: int | None = Field(
        None, ge=1, le=8192, description="The discriminator's; channel_max if not given"
    )
    discriminator: Wiring = Field("resnet", description="Wiring of the discriminator")
    minibatch_group: int = Field(
        4,
        ge=1,
        le=1024,
        description="Samples of which the discriminator sees the deviation; 1 for none",
    )
    conv_clamp: float | None = Field(
        None, gt=0, le=1e6, description="Greatest size of an activation; any if not given"
    )
    style_decay: float = Field(
        0.998,
        ge=0,
        le=1,
        description="Decay of the mean style, towards which samples are truncated",
    )


class StyleGAN2Config(StyleConfig):
    """Networks of `stylegan2`."""

    synthesis: Wiring = Field("skip", description="Wiring of the generator")


class StyleGAN3Config(StyleConfig):
    """Networks of `stylegan3-t`."""

    channel_base: int = Field(
        4096,
        ge=4,
        le=1 << 20,
        description="Channels of a layer times twice the frequencies it passes",
    )
    layers: int = Field(14, ge=3, le=64, description="Layers between Fourier features and image")
    critical_layers: int = Field(
        2, ge=1, le=16, description="Last layers that use the whole bandwidth of the image"
    )
    kernel: Literal[1, 3] = Field(3, description="Side of the convolutions' kernels")
    radial: bool = Field(False, description="Filters that treat all directions alike")

    @model_validator(mode="after")
    def _check_layers(self) -> Self:
        if self.critical_layers >= self.layers:
            raise ValueError("critical_layers must be fewer than layers")
        return self


class StyleGAN3RConfig(StyleGAN3Config):
    """Networks of `stylegan3-r`."""

    kernel: Literal[1, 3] = Field(1, description="Side of the convolutions' kernels")
    radial: bool = Field(True, description="Filters that treat all directions alike")


class StyleObjectiveConfig(AdversarialConfig):
    """Options of objective `stylegan2`."""

    learning_rate: LearningRate = Field(2.5e-3, description="Adam's step size")
    betas: tuple[Beta, Beta] = Field((0.0, 0.99), description="Adam's decay rates")
    gamma: float | None = Field(
        None,
        ge=0,
        le=1e6,
        description="Weight of R1, gamma / 2; 0.0002 pixels / batch size if not given",
    )
    penalty_every: int = Field(
        16, ge=1, le=1024, description="Steps from one R1 penalty to the next; 1 is every step"
    )
    path_length: float = Field(
        2.0, ge=0, le=1e6, description="Weight of path-length regularisation; 0 for none"
    )
    path_length_every: int = Field(
        4, ge=1, le=1024, description="Steps from one path-length regularisation to the next"
    )
    path_length_decay: float = Field(
        0.01, gt=0, le=1, description="Share of each batch in the mean path length"
    )
    path_length_shrink: int = Field(
        2, ge=1, le=64, description="Part of the batch that path lengths are taken of: 2 is a half"
    )
    style_mixing: float = Field(
        0.9, ge=0, le=1, description="Probability of styles from two latents"
    )
