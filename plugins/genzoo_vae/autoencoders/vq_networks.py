"""The encoder of `vq-autoencoder`. Its decoder is that of `kl-autoencoder`."""

from __future__ import annotations

from torch import Tensor

from genzoo import QuantisedPosterior, Quantiser
from genzoo_vae.autoencoders.configs import VQAutoencoderConfig
from genzoo_vae.autoencoders.kl_networks import ResidualEncoder


class VQEncoder(ResidualEncoder):
    """To codes.

    Args:
        config: Widths and so on.
        channels: Channels of the images.
        quantiser: Turns the vector of each place into codes.
    """

    def __init__(self, config: VQAutoencoderConfig, channels: int, quantiser: Quantiser) -> None:
        super().__init__(config, channels, quantiser.dimensions)
        self.quantiser = quantiser

    def forward(self, x: Tensor, labels: Tensor | None = None) -> QuantisedPosterior:
        """Map images (N, C, H, W) to the codes of (D, H / f, W / f) vectors."""
        return QuantisedPosterior(self.quantiser(self.outputs(x)), self.quantiser)
