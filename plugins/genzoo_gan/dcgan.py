"""dcgan: transposed convolutions with batch normalisation on both sides (Radford et al. 2015)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from genzoo_gan.configs import DCGANConfig
from genzoo_gan.infer_options import infer_generator
from genzoo_gan.square_images import SquareImageArchitecture
from genzoo_gan.stacks import ConvDiscriminator, ConvGenerator, init_dcgan


class DCGAN(SquareImageArchitecture):
    """Layer for layer the usual tutorial's networks at 32 pixels and width 64."""

    name = "dcgan"
    config: DCGANConfig

    @classmethod
    def infer(cls, shapes: Mapping[str, tuple[int, ...]]) -> Mapping[str, Any]:
        """Everything, from the generator's weights."""
        return infer_generator(shapes)

    def build(self) -> Mapping[str, nn.Module]:
        """Parts `generator` and `discriminator`, freshly initialised."""
        generator = ConvGenerator(self.sample, self.config.latent_dim, self.config.width)
        discriminator = ConvDiscriminator(self.sample, self.config.width, batch_norm=True)
        init_dcgan(generator)
        init_dcgan(discriminator)
        return {"generator": generator, "discriminator": discriminator}
