"""Encoder and decoder of `tiny-autoencoder`, those of TAESD (madebyollin/taesd).

Names of modules are those of diffusers' `AutoencoderTiny`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from genzoo import Decoder, DiagonalGaussian, Encoder, Gaussian
from genzoo_vae.autoencoders.configs import TinyAutoencoderConfig
from genzoo_vae.autoencoders.tiling import decoder_tiling, encoder_tiling, in_pieces

BOUND = 3.0
"""Latents are bounded smoothly to this before they are decoded."""


class TinyBlock(nn.Module):
    """Three 3x3 convolutions with ReLUs between them, beside the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, width, H, W) to the same shape."""
        return torch.relu(self.conv(x) + x)


class TinyEncoder(Encoder):
    """Strided convolutions and residual blocks, straight to latents.

    Args:
        config: Width, blocks and so on.
        channels: Channels of the images.
    """

    def __init__(self, config: TinyAutoencoderConfig, channels: int) -> None:
        super().__init__()
        self.tiling = encoder_tiling(config)
        self.log_variance = 2.0 * math.log(config.posterior_scale)
        self.layers = nn.Sequential(
            *_encoder_layers(config.encoder_blocks, channels, config.width),
            nn.Conv2d(config.width, config.latent_channels, 3, padding=1),
        )

    def forward(self, x: Tensor, labels: Tensor | None = None) -> DiagonalGaussian:
        """Map images (N, C, H, W) to N posteriors over (latent channels, H / f, W / f).

        It gives their means; their variance is the constant of the config, as in the regularised
        autoencoder with constant variance (Ghosh et al. 2020, section 3). Outside of training,
        images larger than the config's `tile` are computed in tiles.
        """
        run = self._means
        mean = (run(x) if self.training else in_pieces(run, x, self.tiling)).float()
        return DiagonalGaussian(mean, torch.full_like(mean, self.log_variance))

    def _means(self, x: Tensor) -> Tensor:
        # The layers were trained on images in [0, 1].
        return self.layers((x + 1) / 2)


class TinyDecoder(Decoder):
    """Residual blocks, nearest neighbours and convolutions.

    Args:
        config: Width, blocks and so on.
        channels: Channels of the images.
    """

    def __init__(self, config: TinyAutoencoderConfig, channels: int) -> None:
        super().__init__()
        self.tiling = decoder_tiling(config)
        self.log_variance = 2.0 * math.log(config.scale)
        self.layers = nn.Sequential(
            nn.Conv2d(config.latent_channels, config.width, 3, padding=1),
            nn.ReLU(),
            *_decoder_layers(config.decoder_blocks, channels, config.width),
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Gaussian:
        """Map latents (N, latent channels, h, w) to N likelihoods over (C, f * h, f * w)."""
        images = self.images(z).float()
        return Gaussian(images, images.new_tensor(self.log_variance), -1.0, 1.0)

    def images(self, z: Tensor) -> Tensor:
        """The images (N, C, f * h, f * w) before they are clamped to [-1, 1].

        Outside of training, images larger than the config's `tile` are computed in tiles.
        """
        return self._images(z) if self.training else in_pieces(self._images, z, self.tiling)

    def _images(self, z: Tensor) -> Tensor:
        return 2 * self.layers(BOUND * torch.tanh(z / BOUND)) - 1


def _encoder_layers(blocks: Sequence[int], channels: int, width: int) -> Iterator[nn.Module]:
    for level, count in enumerate(blocks):
        if level == 0:
            yield nn.Conv2d(channels, width, 3, padding=1)
        else:
            yield nn.Conv2d(width, width, 3, padding=1, stride=2, bias=False)
        yield from (TinyBlock(width) for _ in range(count))


def _decoder_layers(blocks: Sequence[int], channels: int, width: int) -> Iterator[nn.Module]:
    for count in blocks[:-1]:
        yield from (TinyBlock(width) for _ in range(count))
        yield nn.Upsample(scale_factor=2)
        yield nn.Conv2d(width, width, 3, padding=1, bias=False)
    yield from (TinyBlock(width) for _ in range(blocks[-1]))
    yield nn.Conv2d(width, channels, 3, padding=1)
