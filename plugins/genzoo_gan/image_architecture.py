"""What the convolutional architectures here share: images of a doubled base and a flat latent."""

from __future__ import annotations

from typing import ClassVar

from genzoo import Architecture, ImagePyramid, LatentSpec, SampleSpec
from genzoo_gan.configs import LatentConfig

KINDS = ("image", "latent")


class ImageArchitecture(Architecture):
    """Images (C, H, W) in [-1, 1], or an autoencoder's latents, from latents (latent_dim,).

    Attributes:
        pyramid: How H and W are doubled from a base.

    Raises:
        SpecError: The samples are neither, or H and W are no small base that is doubled.
    """

    name: ClassVar[str]
    config: LatentConfig

    def __init__(self, config: LatentConfig, sample: SampleSpec) -> None:
        self.pyramid = ImagePyramid.of(sample, self.name, KINDS)
        super().__init__(config, sample.with_range(-1.0, 1.0))
        self.latent = LatentSpec(shape=(config.latent_dim,))
