"""The residual networks of Miyato et al. 2018 (arXiv:1802.05957) for 32 pixels, for genzoo.

torch-mimicry's layers and operations one for one, with its widths. This module is a plugin as a
stranger would write it: any networks train in genzoo.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from genzoo import (
    Architecture,
    ArchitectureSpec,
    Config,
    Discriminator,
    Generator,
    LatentSpec,
    SampleSpec,
    hookimpl,
)

Wrapped = Callable[[nn.Module], nn.Module]


class ResidualConfig(Config):
    """Widths and normalisation."""

    latent_dim: int = 128
    generator_width: int = 256
    discriminator_width: int = 128
    spectral_norm: bool = False


def convolution(ins: int, outs: int, kernel: int, gain: float = 1.0) -> nn.Conv2d:
    """A convolution that keeps the resolution."""
    layer = nn.Conv2d(ins, outs, kernel, padding=kernel // 2)
    nn.init.xavier_uniform_(layer.weight, gain)
    return layer


def linear(ins: int, outs: int) -> nn.Linear:
    """A linear layer."""
    layer = nn.Linear(ins, outs)
    nn.init.xavier_uniform_(layer.weight)
    return layer


def enlarge(x: Tensor) -> Tensor:
    """Twice the resolution."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class UpBlock(nn.Module):
    """Doubles the resolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.BatchNorm2d(width), nn.BatchNorm2d(width)])
        self.first = convolution(width, width, 3, math.sqrt(2))
        self.second = convolution(width, width, 3, math.sqrt(2))
        self.shortcut = convolution(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, width, S, S) to (N, width, 2S, 2S)."""
        hidden = self.first(enlarge(F.relu(self.norms[0](x))))
        return self.second(F.relu(self.norms[1](hidden))) + self.shortcut(enlarge(x))


class FirstBlock(nn.Module):
    """Takes a picture in, and halves its resolution."""

    def __init__(self, width: int, norm: Wrapped) -> None:
        super().__init__()
        self.first = norm(convolution(3, width, 3, math.sqrt(2)))
        self.second = norm(convolution(width, width, 3, math.sqrt(2)))
        self.shortcut = norm(convolution(3, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, S, S) to (N, width, S / 2, S / 2)."""
        hidden = self.second(F.relu(self.first(x)))
        return F.avg_pool2d(hidden, 2) + self.shortcut(F.avg_pool2d(x, 2))


class DownBlock(nn.Module):
    """Halves the resolution, or keeps it."""

    def __init__(self, width: int, norm: Wrapped, halve: bool) -> None:
        super().__init__()
        self.halve = halve
        self.first = norm(convolution(width, width, 3, math.sqrt(2)))
        self.second = norm(convolution(width, width, 3, math.sqrt(2)))
        self.shortcut = norm(convolution(width, width, 1)) if halve else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(N, width, S, S) to as many, or half the resolution."""
        hidden, shortcut = self.second(F.relu(self.first(F.relu(x)))), self.shortcut(x)
        if not self.halve:
            return hidden + shortcut
        return F.avg_pool2d(hidden, 2) + F.avg_pool2d(shortcut, 2)


class ResidualGenerator(Generator):
    """Latents to pictures of 32 pixels."""

    def __init__(self, config: ResidualConfig) -> None:
        super().__init__()
        self.width = config.generator_width
        self.first = linear(config.latent_dim, 16 * self.width)
        self.blocks = nn.Sequential(*(UpBlock(self.width) for _ in range(3)))
        self.norm = nn.BatchNorm2d(self.width)
        self.last = convolution(self.width, 3, 3)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map (N, latent_dim) to (N, 3, 32, 32)."""
        grid = self.first(z).view(-1, self.width, 4, 4)
        return self.last(F.relu(self.norm(self.blocks(grid)))).tanh()


class ResidualDiscriminator(Discriminator):
    """Pictures of 32 pixels to logits."""

    def __init__(self, config: ResidualConfig) -> None:
        super().__init__()
        width = config.discriminator_width
        norm: Wrapped = spectral_norm if config.spectral_norm else lambda layer: layer
        self.blocks = nn.Sequential(
            FirstBlock(width, norm),
            DownBlock(width, norm, halve=True),
            DownBlock(width, norm, halve=False),
            DownBlock(width, norm, halve=False),
        )
        self.last = norm(linear(width, 1))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map (N, 3, 32, 32) to (N,)."""
        return self.last(F.relu(self.blocks(x)).sum((2, 3))).flatten()


class Residual(Architecture):
    """Architecture `residual`."""

    config: ResidualConfig

    def __init__(self, config: ResidualConfig, sample: SampleSpec) -> None:
        super().__init__(config, sample.with_range(-1.0, 1.0))
        self.latent = LatentSpec(shape=(config.latent_dim,))

    def build(self) -> Mapping[str, nn.Module]:
        """Freshly initialised `generator` and `discriminator`."""
        return {
            "generator": ResidualGenerator(self.config),
            "discriminator": ResidualDiscriminator(self.config),
        }


@hookimpl
def genzoo_architectures() -> Iterable[ArchitectureSpec]:
    """The one architecture here."""
    return [
        ArchitectureSpec(
            name="residual",
            summary="Residual networks for 32 pixels",
            family="gan",
            target="toolkits.residual:Residual",
            config="toolkits.residual:ResidualConfig",
            parts=("generator", "discriminator"),
            inference=("generator",),
            objective="gan",
        )
    ]
