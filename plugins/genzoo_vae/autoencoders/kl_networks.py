"""Encoder and decoder of `kl-autoencoder`, and what `vq-autoencoder` has of them.

Names of modules are those of diffusers' `AutoencoderKL`; its `quant_conv` and `post_quant_conv`,
which stand beside the two there, belong to the encoder and the decoder here.
"""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from genzoo import Decoder, DiagonalGaussian, Encoder, Gaussian
from genzoo_vae.autoencoders.configs import KLAutoencoderConfig, ResidualAutoencoderConfig
from genzoo_vae.autoencoders.kl_blocks import (
    EPSILON,
    Downsample,
    Middle,
    Resolution,
    Upsample,
    residual_blocks,
)
from genzoo_vae.autoencoders.tiling import decoder_tiling, encoder_tiling, in_pieces

LEAST_LOG_VARIANCE = -30.0
GREATEST_LOG_VARIANCE = 20.0


class ResidualEncoder(Encoder):
    """Residual blocks at ever lower resolution.

    Args:
        config: Widths and so on.
        channels: Channels of the images.
        outs: Channels of what comes out.
    """

    def __init__(self, config: ResidualAutoencoderConfig, channels: int, outs: int) -> None:
        super().__init__()
        widths, groups = config.widths, config.groups
        self.tiling = encoder_tiling(config)
        self.conv_in = nn.Conv2d(channels, widths[0], 3, padding=1)
        last = len(widths) - 1
        self.down_blocks = nn.ModuleList(
            Resolution(
                residual_blocks(widths[max(level - 1, 0)], width, config.layers, groups),
                downsampler=Downsample(width) if level < last else None,
            )
            for level, width in enumerate(widths)
        )
        self.mid_block = Middle(widths[-1], groups, config.attention)
        self.conv_norm_out = nn.GroupNorm(groups, widths[-1], EPSILON)
        self.conv_out = nn.Conv2d(widths[-1], outs, 3, padding=1)
        self.quant_conv = nn.Conv2d(outs, outs, 1) if config.quant_conv else None

    def outputs(self, x: Tensor) -> Tensor:
        """Map images (N, C, H, W) to (N, outs, H / f, W / f).

        Outside of training, images larger than the config's `tile` are computed in tiles.
        """
        return self._outputs(x) if self.training else in_pieces(self._outputs, x, self.tiling)

    def _outputs(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for block in self.down_blocks:
            x = block(x)
        x = self.conv_out(F.silu(self.conv_norm_out(self.mid_block(x))))
        return x if self.quant_conv is None else self.quant_conv(x)


class KLEncoder(ResidualEncoder):
    """To means and log variances.

    Args:
        config: Widths and so on.
        channels: Channels of the images.
    """

    def __init__(self, config: KLAutoencoderConfig, channels: int) -> None:
        super().__init__(config, channels, 2 * config.latent_channels)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> DiagonalGaussian:
        """Map images (N, C, H, W) to N posteriors over (latent channels, H / f, W / f).

        Outside of training, images larger than the config's `tile` are computed in tiles. Log
        variances are clamped to [-30, 20].
        """
        mean, log_variance = self.outputs(x).float().chunk(2, 1)
        return DiagonalGaussian(mean, log_variance.clamp(LEAST_LOG_VARIANCE, GREATEST_LOG_VARIANCE))


class KLDecoder(Decoder):
    """The encoder mirrored, with one residual block more at each resolution.

    Args:
        config: Widths and so on.
        channels: Channels of the images.
        latents: Channels of the latents.
    """

    def __init__(self, config: ResidualAutoencoderConfig, channels: int, latents: int) -> None:
        super().__init__()
        widths, groups = config.widths[::-1], config.groups
        self.tiling = decoder_tiling(config)
        self.log_variance = 2.0 * math.log(config.scale)
        self.post_quant_conv = nn.Conv2d(latents, latents, 1) if config.post_quant_conv else None
        self.conv_in = nn.Conv2d(latents, widths[0], 3, padding=1)
        self.mid_block = Middle(widths[0], groups, config.attention)
        last = len(widths) - 1
        self.up_blocks = nn.ModuleList(
            Resolution(
                residual_blocks(widths[max(level - 1, 0)], width, config.layers + 1, groups),
                upsampler=Upsample(width) if level < last else None,
            )
            for level, width in enumerate(widths)
        )
        self.conv_norm_out = nn.GroupNorm(groups, widths[-1], EPSILON)
        self.conv_out = nn.Conv2d(widths[-1], channels, 3, padding=1)

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
        x = self.conv_in(z if self.post_quant_conv is None else self.post_quant_conv(z))
        x = self.mid_block(x)
        for block in self.up_blocks:
            x = block(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))
