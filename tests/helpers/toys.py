"""Networks small enough for any test, registered as a stranger's plugin would."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Self

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.utils import parametrizations

import genzoo
import genzoo_sources
from genzoo import (
    Architecture,
    ArchitectureSpec,
    Config,
    Decoder,
    Discriminator,
    Encoder,
    FittedPrior,
    Generator,
    LatentSpec,
    Likelihood,
    Noise,
    Posterior,
    PriorSpec,
    SampleSpec,
    hookimpl,
)
from genzoo.plugins.manager import BuiltIn
from genzoo.registry import Registry

LATENT = 6


class ToyConfig(Config):
    width: int = Field(4, ge=1, le=4096, description="Channels.")
    spectral: bool = Field(False, description="Spectral norm, as a parametrisation.")
    old_spectral: bool = Field(False, description="Spectral norm, as a hook.")
    tied: bool = Field(False, description="Two layers share their weight.")
    hidden: bool = Field(False, description="A buffer that is not saved.")
    stubborn: bool = Field(False, description="Needs values while it is built.")
    fails: bool = Field(False, description="Raises while it is built.")


class ToyGenerator(Generator):
    """Latents to images through a batch norm whose statistics sampling must not move."""

    def __init__(self, config: ToyConfig, sample: SampleSpec) -> None:
        super().__init__()
        channels, side, _ = sample.shape
        width = config.width
        self.side = side
        self.labels = nn.Embedding(len(sample.classes), LATENT) if sample.conditional else None
        self.first = nn.Linear(LATENT, width)
        self.second = nn.Linear(width, width)
        self.third = nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(width)
        self.last = nn.ConvTranspose2d(width, channels, side)
        nn.init.normal_(self.last.weight, 0.0, 0.3)
        if config.spectral:
            parametrizations.spectral_norm(self.second)
        if config.old_spectral:
            nn.utils.spectral_norm(self.second)
        if config.tied:
            self.third.weight = self.second.weight
        if config.hidden:
            self.register_buffer("shift", torch.full((width,), 0.5), persistent=False)
            self.scale = torch.tensor([2.0])
        if config.stubborn:
            assert self.first.weight.abs().sum().item() >= 0
        if config.fails:
            raise ZeroDivisionError("toy")
        self.hidden = config.hidden

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        if self.labels is not None:
            assert labels is not None
            z = z + self.labels(labels)
        h = self.third(self.second(self.first(z)).relu())
        if self.hidden:
            h = (h + self.shift) * self.scale
        return self.last(self.norm(h)[:, :, None, None]).tanh()


class ToyDiscriminator(Discriminator):
    def __init__(self, config: ToyConfig, sample: SampleSpec) -> None:
        super().__init__()
        self.layer = nn.Linear(math.prod(sample.shape), 1)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.layer(x.flatten(1)).squeeze(1)


class ToyGAN(Architecture):
    config: ToyConfig

    def __init__(self, config: ToyConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample.with_range(-1.0, 1.0))
        self.latent = LatentSpec(shape=(LATENT,))

    def build(self) -> Mapping[str, nn.Module]:
        return {
            "generator": ToyGenerator(self.config, self.sample),
            "discriminator": ToyDiscriminator(self.config, self.sample),
        }


class ToyPosterior(Posterior):
    """N(mean, 1)."""

    def __init__(self, mean: Tensor) -> None:
        self.location = mean

    def rsample(self, noise: Noise) -> Tensor:
        return self.location + noise.normal(*self.location.shape[1:])

    def mode(self) -> Tensor:
        return self.location

    def log_prob(self, z: Tensor) -> Tensor:
        return -0.5 * ((z - self.location).square() + math.log(2 * math.pi)).flatten(1).sum(1)

    def kl(self) -> Tensor:
        return 0.5 * self.location.square()

    def repeat(self, times: int) -> Posterior:
        return ToyPosterior(self.location.repeat_interleave(times, 0))


class ToyLikelihood(Likelihood):
    """N(mean, 1) over samples."""

    def __init__(self, mean: Tensor) -> None:
        self.location = mean

    def log_prob(self, x: Tensor) -> Tensor:
        return -0.5 * ((x - self.location).square() + math.log(2 * math.pi)).flatten(1).sum(1)

    def mean(self) -> Tensor:
        return self.location

    def sample(self, noise: Noise) -> Tensor:
        return self.location + noise.normal(*self.location.shape[1:])


class ToyEncoder(Encoder):
    def __init__(self, sample: SampleSpec) -> None:
        super().__init__()
        self.layer = nn.Linear(math.prod(sample.shape), LATENT)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Posterior:
        return ToyPosterior(self.layer(self.drop(x.flatten(1))))


class ToyDecoder(Decoder):
    def __init__(self, sample: SampleSpec) -> None:
        super().__init__()
        self.shape = sample.shape
        self.layer = nn.Linear(LATENT, math.prod(sample.shape))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        return ToyLikelihood(self.layer(z).sigmoid().view(-1, *self.shape))


class ToyVAE(Architecture):
    config: ToyConfig

    def __init__(self, config: ToyConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample.with_range(0.0, 1.0))
        self.latent = LatentSpec(shape=(LATENT,))

    def build(self) -> Mapping[str, nn.Module]:
        return {"encoder": ToyEncoder(self.sample), "decoder": ToyDecoder(self.sample)}


class ToyPriorConfig(Config):
    scale: float = Field(1.0, gt=0.0, le=100.0, description="Deviation.")


class ToyPrior(FittedPrior):
    """N(m, scale²) with m the mean of the posteriors."""

    config: ToyPriorConfig
    centre: Tensor

    def __init__(self, latent: LatentSpec, config: ToyPriorConfig) -> None:
        super().__init__(latent, config)
        self.register_buffer("centre", torch.zeros(latent.shape))

    def sample(self, noise: Noise) -> Tensor:
        return self.centre + self.config.scale * noise.normal(*self.latent.shape)

    def log_prob(self, z: Tensor) -> Tensor:
        unit = (z - self.centre) / self.config.scale
        constant = math.log(2 * math.pi) + 2 * math.log(self.config.scale)
        return -0.5 * (unit.square() + constant).flatten(1).sum(1)

    def fit(self, latents: Tensor, seed: int) -> Self:
        self.centre.copy_(latents.mean(0))
        return self


@hookimpl
def genzoo_architectures() -> list[ArchitectureSpec]:
    return [
        ArchitectureSpec(
            name="toy-gan",
            summary="A toy",
            family="gan",
            target="toys:ToyGAN",
            config="toys:ToyConfig",
            parts=("generator", "discriminator"),
            inference=("generator",),
            latents=True,
            objective="gan",
        ),
        ArchitectureSpec(
            name="toy-vae",
            family="vae",
            target="toys:ToyVAE",
            config="toys:ToyConfig",
            parts=("encoder", "decoder"),
            inference=("encoder", "decoder"),
            latents=True,
            objective="elbo",
            priors=("toy-prior",),
        ),
    ]


@hookimpl
def genzoo_priors() -> list[PriorSpec]:
    return [PriorSpec(name="toy-prior", target="toys:ToyPrior", config="toys:ToyPriorConfig")]


def toy_registry(distribution: str = "genzoo-toys", version: str = "1.2.3") -> Registry:
    """A registry with the toys, and with the data sources that come with genzoo."""
    registry = Registry()
    registry.add_all([*genzoo_architectures(), *genzoo_priors()], distribution, version)
    registry.add_all(BuiltIn().genzoo_kinds(), "genzoo", genzoo.__version__)
    registry.add_all(genzoo_sources.genzoo_sources(), "genzoo", genzoo.__version__)
    return registry
