"""dcgan: transposed convolutions with batch normalisation on both sides (Radford et al. 2015)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from genzoo_gan.configs import DCGANConfig
from genzoo_gan.conv_stacks import ConvStackArchitecture
from genzoo_gan.stacks import ConvDiscriminator, ConvGenerator, init_dcgan, normalise_spectrally


class DCGAN(ConvStackArchitecture):
    """Layer for layer the usual tutorial's networks at 32 pixels and width 64."""

    name = "dcgan"
    batch_norm = True
    config: DCGANConfig

    def build(self) -> Mapping[str, nn.Module]:
        """Parts `generator` and `discriminator`, freshly initialised."""
        generator = ConvGenerator(
            self.sample, self.pyramid, self.config.latent_dim, self.config.width
        )
        discriminator = ConvDiscriminator(
            self.sample, self.pyramid, self.config.width, self.batch_norm
        )
        init_dcgan(generator)
        init_dcgan(discriminator)
        if self.config.spectral_norm:
            normalise_spectrally(discriminator)
        return {"generator": generator, "discriminator": discriminator}
