"""Every configuration of this plugin. Nothing here imports torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from genzoo import Config

OPERATIONS = ("color", "translation", "cutout")
"""DiffAugment's operations, in the order in which they are applied."""


def _check_policy(policy: str) -> str:
    chosen = policy.split(",")
    known = policy in ("auto", "none", "ada") or set(chosen) <= set(OPERATIONS)
    if not known or len(set(chosen)) != len(chosen):
        raise ValueError(
            f"choose auto, none, ada, or some of {','.join(OPERATIONS)} joined by commas"
        )
    return policy


Policy = Annotated[str, AfterValidator(_check_policy)]
LearningRate = Annotated[float, Field(gt=0, le=1)]
Beta = Annotated[float, Field(ge=0, lt=1)]


class LatentConfig(Config):
    """What all architectures here share."""

    latent_dim: int = Field(100, ge=1, le=4096, description="Dimensions of the latent")


class WidthConfig(LatentConfig):
    """What architectures share that have a number of channels next to the image."""

    width: int = Field(48, ge=4, le=1024, description="Channels next to the image")
    spectral_norm: bool = Field(
        False, description="Divide the discriminator's weights by their largest singular value"
    )


class DCGANConfig(WidthConfig):
    """Networks of `dcgan`."""

    width: int = Field(64, ge=4, le=1024, description="Channels next to the image")


class ConvGANConfig(WidthConfig):
    """Networks of `convgan`."""


class R3GANConfig(LatentConfig):
    """Networks of `r3gan`."""

    latent_dim: int = Field(64, ge=1, le=4096, description="Dimensions of the latent")
    width: int = Field(64, ge=4, le=1024, description="Channels next to the image")
    blocks: int = Field(2, ge=1, le=16, description="Residual blocks at each resolution")
    cardinality: int = Field(
        8, ge=1, le=1024, description="Groups of the 3x3 convolutions next to the image"
    )
    expansion: int = Field(2, ge=1, le=8, description="Widening inside a residual block")

    @model_validator(mode="after")
    def _check_groups(self) -> Self:
        hidden = self.width * self.expansion
        if hidden % self.cardinality:
            raise ValueError(f"cardinality must divide width x expansion, here {hidden}")
        return self


class FastGANConfig(LatentConfig):
    """Networks of `fastgan`."""

    latent_dim: int = Field(128, ge=1, le=4096, description="Dimensions of the latent")
    width: int = Field(32, ge=4, le=1024, description="Channels next to the image")
    discriminator_width: int = Field(
        32, ge=4, le=1024, description="The discriminator's channels next to the image"
    )


class AdversarialConfig(Config):
    """What all adversarial objectives share."""

    augment: Policy = Field(
        "auto",
        description="auto (DiffAugment under 5,000 samples), none, ada (adaptive), or operations "
        "of DiffAugment: color,translation,cutout",
    )
    ada_target: float = Field(
        0.6, ge=-1, le=1, description="ada: mean sign of the verdicts on real samples to aim at"
    )
    ada_images: int = Field(
        500_000, ge=1, description="ada: real samples over which its probability can go from 0 to 1"
    )
    ada_probability: float | None = Field(
        None,
        ge=0,
        le=0.99,
        description="ada: what its probability goes to along a cosine; adapted if not given",
    )
    ada_over: float = Field(
        1.0, ge=0, le=1, description="ada: share of the run over which it goes to ada_probability"
    )
    learning_rate: LearningRate = Field(2e-4, description="Adam's step size")
    discriminator_learning_rate: LearningRate | None = Field(
        None, description="The discriminator's own step size; learning_rate if not given"
    )
    betas: tuple[Beta, Beta] = Field((0.5, 0.999), description="Adam's decay rates")
    warm_up_discriminator: int | None = Field(
        None,
        ge=0,
        description="Steps at first in which the generator waits; by default 300 where it begins "
        "with weights and the discriminator does not, else 0",
    )
    freeze_discriminator: int = Field(
        0,
        ge=0,
        le=64,
        description="Layers of the discriminator that keep the weights they begin with, counted "
        "from the image (FreezeD)",
    )


class RegularisedConfig(AdversarialConfig):
    """What objectives share whose losses bring no regularisation of their own."""

    r1: float = Field(
        0.0, ge=0, le=1e6, description="Weight gamma of R1 on real samples, gamma / 2; 0 for none"
    )
    r1_every: int = Field(
        16, ge=1, le=64, description="Steps from one R1 to the next, whose weight makes up for it"
    )
    consistency: float = Field(
        0.0,
        ge=0,
        le=1e6,
        description="Weight of balanced consistency regularisation (bCR); 0 for none, 10 is usual",
    )


class GANConfig(RegularisedConfig):
    """Options of objective `gan`."""


class LSGANConfig(RegularisedConfig):
    """Options of objective `lsgan`."""


class HingeConfig(RegularisedConfig):
    """Options of objective `hinge`."""


class WGANGPConfig(AdversarialConfig):
    """Options of objective `wgan-gp`."""

    learning_rate: LearningRate = Field(1e-4, description="Adam's step size")
    betas: tuple[Beta, Beta] = Field((0.0, 0.9), description="Adam's decay rates")
    n_critic: int = Field(5, ge=1, le=100, description="Critic steps per generator step")
    penalty: float = Field(10.0, ge=0, le=1e6, description="Weight of the gradient penalty")


class R3GANObjectiveConfig(AdversarialConfig):
    """Options of objective `r3gan`."""

    betas: tuple[Beta, Beta] = Field((0.0, 0.99), description="Adam's decay rates")
    gamma: float = Field(1.0, ge=0, le=1e6, description="Weight of R1 and R2, each gamma / 2")
    gamma_end: float | None = Field(
        None, ge=0, le=1e6, description="What gamma goes to over the burn-in; gamma if not given"
    )
    burn_in: float = Field(
        1.0, ge=0, le=1, description="Share of the run over which gamma goes to gamma_end"
    )
    penalty_on: Literal["plain", "augmented"] = Field(
        "plain",
        description="Images that R1 and R2 differentiate by: plain ones, before they are "
        "augmented, or augmented ones",
    )
    penalty_every: int = Field(
        4, ge=1, le=64, description="Steps from one penalty to the next; 1 is every step"
    )


Gamma = Annotated[float, Field(ge=0, le=1e6)]


class ProjectedConfig(AdversarialConfig):
    """Options of objective `projected`."""

    learning_rate: LearningRate = Field(4e-4, description="Adam's step size")
    betas: tuple[Beta, Beta] = Field((0.0, 0.99), description="Adam's decay rates")
    feature_network: str = Field(
        "efficientnet-lite0", description="Feature space whose frozen network judges"
    )
    resolution: int = Field(
        96, ge=32, le=1024, description="Shorter side in pixels that smaller images are enlarged to"
    )
    gamma: tuple[Gamma, Gamma, Gamma, Gamma] = Field(
        (650.0, 160.0, 60.0, 8.0),
        description="Weights of R1 and R2, each gamma / 2, from fine maps to coarse ones",
    )
    penalty_every: int = Field(
        4, ge=1, le=64, description="Steps from one penalty to the next; 1 is every step"
    )
    pixel_weight: float = Field(
        1.0, ge=0, le=1e3, description="Weight of the architecture's own discriminator; 0 for none"
    )
    pixel_gamma: Gamma = Field(5.0, description="Weight of the penalties on what that one sees")
