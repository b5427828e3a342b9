"""What the architectures here share: square images and a flat latent."""

from __future__ import annotations

from typing import ClassVar

from genzoo import Architecture, LatentSpec, SampleSpec, SpecError
from genzoo_gan.configs import LatentConfig

SIZES = (16, 32, 64, 128)
"""Sides in pixels that the networks can be built for."""

LATENT_SIZES = (8, *SIZES)
"""Those of latents, which are smaller."""


class SquareImageArchitecture(Architecture):
    """Images (C, S, S) in [-1, 1], or an autoencoder's latents, from latents (latent_dim,).

    Raises:
        SpecError: The samples are not images or like them, or S is none of `SIZES`.
    """

    name: ClassVar[str]
    config: LatentConfig

    def __init__(self, config: LatentConfig, sample: SampleSpec) -> None:
        _check(sample, self.name)
        super().__init__(config, sample.with_range(-1.0, 1.0))
        self.latent = LatentSpec(shape=(config.latent_dim,))


def _check(sample: SampleSpec, architecture: str) -> None:
    if sample.kind not in ("image", "latent") or len(sample.shape) != 3:
        raise SpecError(
            f"Architecture {architecture} models images (channels, height, width), not samples of "
            f"kind '{sample.kind}' and shape {sample.shape}.",
            "See `genzoo architectures` for one of that kind.",
        )
    _, height, width = sample.shape
    if sample.kind == "latent":
        _check_latents(height, width, architecture)
    elif height != width or height not in SIZES:
        sides = ", ".join(map(str, SIZES[:-1]))
        raise SpecError(
            f"Architecture {architecture} cannot model images of {width}x{height} pixels.",
            f"Give square ones with a side of {sides} or {SIZES[-1]} pixels, as with --size 64.",
        )


def _check_latents(height: int, width: int, architecture: str) -> None:
    if height != width or height not in LATENT_SIZES:
        sides = ", ".join(map(str, LATENT_SIZES[:-1]))
        raise SpecError(
            f"Architecture {architecture} cannot model latents of {width}x{height} places.",
            f"Choose a size of images whose latents have a side of {sides} or {LATENT_SIZES[-1]}.",
        )
