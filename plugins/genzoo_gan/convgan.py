"""convgan: DCGAN's shapes with no normalisation in the discriminator, for small machines."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from genzoo_gan.configs import ConvGANConfig
from genzoo_gan.conv_stacks import ConvStackArchitecture
from genzoo_gan.stacks import ConvDiscriminator, ConvGenerator, init_dcgan, normalise_spectrally


class ConvGAN(ConvStackArchitecture):
    """Batch normalisation in the generator only, so that each logit is its own sample's.

    The discriminator's convolutions have biases and PyTorch's initialisation, as the 0.02 of
    Radford et al. counts on normalisation to bring the scale back.
    """

    name = "convgan"
    batch_norm = False
    config: ConvGANConfig

    def build(self) -> Mapping[str, nn.Module]:
        """Parts `generator` and `discriminator`, freshly initialised."""
        generator = ConvGenerator(
            self.sample, self.pyramid, self.config.latent_dim, self.config.width
        )
        init_dcgan(generator)
        discriminator = ConvDiscriminator(
            self.sample, self.pyramid, self.config.width, self.batch_norm
        )
        if self.config.spectral_norm:
            normalise_spectrally(discriminator)
        return {"generator": generator, "discriminator": discriminator}
