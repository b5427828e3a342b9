"""From styles to images: a learned constant, then blocks of twice the size each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genzoo import Noise
from genzoo_gan.stylegan.configs import StyleGAN2Config, Wiring
from genzoo_gan.stylegan.in_pieces import in_pieces
from genzoo_gan.stylegan.layers import ScaledConv, upsample
from genzoo_gan.stylegan.modulated import StyledConv, ToImage
from genzoo_gan.stylegan.resolutions import Level, levels

HALF = 0.5**0.5
"""Gain of both branches of a residual block, so that their sum keeps the variance."""


@dataclass(frozen=True)
class Wires:
    """What all blocks of a synthesis network share."""

    wiring: Wiring
    channels: int
    style_dim: int
    clamp: float | None


class SynthesisNetwork(nn.Module):
    """Styles to images, as `skip` (images of all sizes are added), `resnet` or `orig`.

    Args:
        shape: Channels, height and width of an image.
        config: Of the architecture.

    Attributes:
        style_count: Layers that have a style of their own.
    """

    def __init__(self, shape: tuple[int, ...], config: StyleGAN2Config) -> None:
        super().__init__()
        found = levels(shape, config.channel_base, config.channel_max)
        wires = Wires(config.synthesis, shape[0], config.style_dim, config.conv_clamp)
        self._blocks = [f"b{level.resolution}" for level in found]
        self.add_module(self._blocks[0], FirstBlock(found[0], wires, last=len(found) == 1))
        for before, level in itertools.pairwise(found):
            block = Block(before.channels, level, wires, last=level is found[-1])
            self.add_module(f"b{level.resolution}", block)
        self.style_count = 2 * len(found)
        self._largest = max(level.channels * level.height * level.width for level in found)

    def forward(self, styles: Tensor, noise: Noise | None = None) -> Tensor:
        """Map styles (N, style_count, style_dim) to images (N, C, H, W)."""
        if noise is not None:
            return self._images(styles, noise)
        return in_pieces(lambda piece: self._images(piece, None), styles, self._largest)

    def _images(self, styles: Tensor, noise: Noise | None) -> Tensor:
        x = image = None
        place = 0
        for name in self._blocks:
            block = self.get_submodule(name)
            x, image = block(x, image, styles[:, place:], noise)
            place += 1 if place == 0 else 2
        assert image is not None
        return image


class FirstBlock(nn.Module):
    """The learned constant, one styled convolution, and the first image.

    Args:
        level: Its size and channels.
        wires: What all blocks share.
        last: Whether it is the only one.
    """

    def __init__(self, level: Level, wires: Wires, *, last: bool) -> None:
        super().__init__()
        size, style_dim = (level.height, level.width), wires.style_dim
        self.const = nn.Parameter(torch.randn(level.channels, *size))
        self.conv1 = StyledConv(level.channels, level.channels, size, style_dim, clamp=wires.clamp)
        self.torgb = _to_image(level, wires, last)

    def forward(
        self, x: None, image: None, styles: Tensor, noise: Noise | None
    ) -> tuple[Tensor, Tensor | None]:
        """Map styles (N, 2 or more, style_dim) to activations and, perhaps, an image."""
        rows = self.const.expand(len(styles), -1, -1, -1)
        made = self.conv1(rows.contiguous(memory_format=torch.channels_last), styles[:, 0], noise)
        return made, None if self.torgb is None else self.torgb(made, styles[:, 1]).float()


class Block(nn.Module):
    """Twice the size: two styled convolutions, and the image or the sum of the images so far.

    Args:
        channels: Channels in.
        level: Its size and channels.
        wires: What all blocks share.
        last: Whether its image is the sample.
    """

    def __init__(self, channels: int, level: Level, wires: Wires, *, last: bool) -> None:
        super().__init__()
        residual = wires.wiring == "resnet"
        size, style_dim, clamp = (level.height, level.width), wires.style_dim, wires.clamp
        width = level.channels
        self.conv0 = StyledConv(channels, width, size, style_dim, up=True, clamp=clamp)
        self.conv1 = StyledConv(
            width, width, size, style_dim, gain=HALF if residual else 1.0, clamp=clamp
        )
        self.torgb = _to_image(level, wires, last)
        self.skip = (
            ScaledConv(channels, width, 1, activate=False, bias=False, gain=HALF)
            if residual
            else None
        )

    def forward(
        self, x: Tensor, image: Tensor | None, styles: Tensor, noise: Noise | None
    ) -> tuple[Tensor, Tensor | None]:
        """Map activations, the image so far and styles (N, 3 or more, style_dim) to the next."""
        made = self.conv1(self.conv0(x, styles[:, 0], noise), styles[:, 1], noise)
        if self.skip is not None:
            made = made + upsample(self.skip(x))
        if image is not None:
            image = upsample(image)
        if self.torgb is not None:
            # Images are summed in float32, whatever the layers compute in.
            own = self.torgb(made, styles[:, 2]).float()
            image = own if image is None else image + own
        return made, image


def _to_image(level: Level, wires: Wires, last: bool) -> ToImage | None:
    """Every block has one where images are summed; else the last alone."""
    if not (last or wires.wiring == "skip"):
        return None
    return ToImage(level.channels, wires.channels, wires.style_dim, clamp=wires.clamp)
