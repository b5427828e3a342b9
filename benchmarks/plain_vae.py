"""A small autoencoder as a stranger would write it, with layers of torch.nn alone.

Its convolutions are those that minimal filtering is for. The module is a plugin for genzoo.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from genzoo import (
    Architecture,
    ArchitectureSpec,
    Config,
    Decoder,
    DiagonalGaussian,
    Encoder,
    Gaussian,
    LatentSpec,
    SampleSpec,
    hookimpl,
)


class PlainVAEConfig(Config):
    """Channels at half the resolution, and size of the latent."""

    width: int = 64
    latent_dim: int = 32


class PlainEncoder(Encoder):
    """Two strided convolutions and a linear layer."""

    def __init__(self, config: PlainVAEConfig, sample: SampleSpec) -> None:
        super().__init__()
        channels, side, _ = sample.shape
        self.layers = nn.Sequential(
            nn.Conv2d(channels, config.width, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(config.width, 2 * config.width, 4, stride=2, padding=1),
            nn.GroupNorm(8, 2 * config.width),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(2 * config.width * (side // 4) ** 2, 2 * config.latent_dim),
        )

    def forward(self, x: Tensor, labels: Tensor | None = None) -> DiagonalGaussian:
        """Map images (N, C, S, S) to posteriors over (latent_dim,)."""
        mean, log_variance = self.layers(x).float().chunk(2, 1)
        return DiagonalGaussian(mean, log_variance)


class PlainDecoder(Decoder):
    """The encoder mirrored."""

    def __init__(self, config: PlainVAEConfig, sample: SampleSpec) -> None:
        super().__init__()
        channels, side, _ = sample.shape
        grid = (2 * config.width, side // 4, side // 4)
        self.layers = nn.Sequential(
            nn.Linear(config.latent_dim, math.prod(grid)),
            nn.Unflatten(1, grid),
            nn.GroupNorm(8, 2 * config.width),
            nn.SiLU(),
            nn.ConvTranspose2d(2 * config.width, config.width, 4, stride=2, padding=1),
            nn.SiLU(),
            nn.ConvTranspose2d(config.width, channels, 4, stride=2, padding=1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Gaussian:
        """Map latents (N, latent_dim) to likelihoods over (C, S, S)."""
        mean = self.layers(z).float()
        return Gaussian(mean, mean.new_tensor(math.log(0.2)), -1.0, 1.0)


class PlainVAE(Architecture):
    """Architecture `plain-vae`."""

    config: PlainVAEConfig

    def __init__(self, config: PlainVAEConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample.with_range(-1.0, 1.0))
        self.latent = LatentSpec(shape=(config.latent_dim,))

    def build(self) -> Mapping[str, nn.Module]:
        """Freshly initialised `encoder` and `decoder`."""
        return {
            "encoder": PlainEncoder(self.config, self.sample),
            "decoder": PlainDecoder(self.config, self.sample),
        }


@hookimpl
def genzoo_architectures() -> Iterable[ArchitectureSpec]:
    """The one architecture here."""
    return [
        ArchitectureSpec(
            name="plain-vae",
            summary="Convolutions of torch.nn between images and a latent",
            family="vae",
            target="plain_vae:PlainVAE",
            config="plain_vae:PlainVAEConfig",
            parts=("encoder", "decoder"),
            inference=("encoder", "decoder"),
            objective="elbo",
        )
    ]
