"""The options of this plugin. Nothing here imports torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from genzoo import CodePriorConfig, Config

LikelihoodName = Literal["gaussian", "fixed-gaussian", "bernoulli", "discretised-logistic"]
AdamBeta = Annotated[float, Field(ge=0.0, lt=1.0)]


class ConvVAEConfig(Config):
    """Options of the architecture `conv-vae`."""

    latent_dim: int = Field(100, ge=1, le=4096, description="Numbers in a latent.")
    width: int = Field(
        64, ge=4, le=512, description="Channels next to the image; deeper layers have up to 8x."
    )
    likelihood: LikelihoodName = Field(
        "gaussian",
        description="p(x|z): Gaussian with one learned or a fixed variance, Bernoulli, or logistic "
        "over 256 levels.",
    )
    scale: float = Field(
        0.2,
        ge=1e-3,
        le=10.0,
        description="Standard deviation (or logistic scale) of a value in [-1, 1]: where a learned "
        "one starts, what a fixed one is.",
    )


class ELBOConfig(Config):
    """Options of the objective `elbo`."""

    beta: float = Field(
        1.0, ge=0.0, le=1000.0, description="Weight of the KL divergence; 1 gives the ELBO."
    )
    free_bits: float = Field(
        0.0, ge=0.0, le=100.0, description="Nats that each latent dimension may carry for free."
    )
    warmup: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="Fraction of the run, or of each cycle, over which the KL's weight rises from "
        "0 to beta.",
    )
    cycles: int = Field(
        1, ge=1, le=1000, description="How often the warm-up is repeated, evenly over the run."
    )
    learning_rate: float = Field(1e-3, gt=0.0, le=1.0, description="Adam's step size.")
    betas: tuple[AdamBeta, AdamBeta] = Field(
        (0.9, 0.999), description="Decay rates of Adam's two running means."
    )


class AutoencoderConfig(Config):
    """Options of the objective `autoencoder`."""

    pixels: Literal["l1", "l2", "likelihood"] = Field(
        "l1", description="Loss of each value: |x - y|, its square, or -log p(x|z)."
    )
    perceptual: str = Field(
        "auto",
        max_length=100,
        description="Feature space whose network images are compared in; auto for the preferred "
        "one that is installed, none for none.",
    )
    perceptual_weight: float = Field(
        1.0, ge=0.0, le=1000.0, description="Weight of the distance in features."
    )
    adversarial: float = Field(
        0.0,
        ge=0.0,
        le=1000.0,
        description="Weight of a patch discriminator's verdict beside the other losses; 0 for no "
        "discriminator.",
    )
    adversarial_start: float = Field(
        0.5, ge=0.0, le=1.0, description="Share of the run after which the discriminator begins."
    )
    adaptive: bool = Field(
        True,
        description="Scale the verdict so that its gradient at the last layer is as large as the "
        "others'.",
    )
    patch_width: int = Field(
        32, ge=4, le=512, description="Channels of the discriminator's first layer."
    )
    beta: float = Field(
        1e-6,
        ge=0.0,
        le=1000.0,
        description="Weight of the KL divergence, nats for each value of x.",
    )
    commitment: float = Field(
        0.25, ge=0.0, le=1000.0, description="Weight of the quantiser's penalty."
    )
    equivariance: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="Share of batches whose latents are turned or shrunk before they are decoded.",
    )
    latent_noise: float = Field(
        0.0, ge=0.0, le=100.0, description="Deviation of noise added to latents while training."
    )
    learning_rate: float = Field(4e-4, gt=0.0, le=1.0, description="Adam's step size.")
    betas: tuple[AdamBeta, AdamBeta] = Field(
        (0.5, 0.9), description="Decay rates of Adam's two running means."
    )


class IWAEConfig(Config):
    """Options of the objective `iwae`."""

    samples: int = Field(8, ge=1, le=1000, description="Importance samples for each image.")
    learning_rate: float = Field(1e-3, gt=0.0, le=1.0, description="Adam's step size.")
    betas: tuple[AdamBeta, AdamBeta] = Field(
        (0.9, 0.999), description="Decay rates of Adam's two running means."
    )


class TransformerConfig(CodePriorConfig):
    """Options of the prior `transformer`."""

    width: int = Field(128, ge=4, le=8192, description="Numbers at each place.")
    layers: int = Field(4, ge=1, le=128, description="Blocks of attention.")
    heads: int = Field(4, ge=1, le=128, description="Heads of the attention.")
    longest: int = Field(
        1024, ge=1, le=65_536, description="Codes of a sample at most: time grows with the square."
    )
    top_k: int = Field(
        0, ge=0, le=1 << 20, description="Draw each code among so many likeliest; 0 for all."
    )
    temperature: float = Field(
        1.0, ge=0.0, le=100.0, description="Divides the logits; 0 takes the likeliest code."
    )

    @model_validator(mode="after")
    def _check_heads(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"width must be a multiple of heads, {self.heads}")
        return self


class MixtureConfig(Config):
    """Options of the prior `mixture`."""

    components: int = Field(32, ge=1, le=1024, description="Gaussians in the mixture.")
    shrinkage: float = Field(
        20.0,
        gt=0.0,
        le=1e6,
        description="Pull of each covariance towards the diagonal of the data's, counted in "
        "latents.",
    )
    iterations: int = Field(100, ge=1, le=10_000, description="Most EM iterations.")
    tolerance: float = Field(
        1e-2,
        ge=0.0,
        le=1.0,
        description="Stop when an iteration gains less than so many nats per latent, the pull on "
        "covariances included.",
    )


class ClassMixtureConfig(MixtureConfig):
    """Options of the prior `class-mixture`."""

    components: int = Field(6, ge=1, le=1024, description="Gaussians for each class.")
    classes: tuple[str, ...] = Field((), description="Of the model; filled in when it is fitted.")
