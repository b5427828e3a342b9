"""A discriminator of patches (Isola et al. 2017, PatchGAN), with the hinge loss."""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2
GROUPS = 4


class PatchDiscriminator(nn.Module):
    """Convolutions that judge overlapping patches of an image, each by itself.

    Group normalisation stands where the paper has batch normalisation, so that no sample's logits
    depend on its batch.

    Args:
        channels: Channels of the images.
        width: Channels of the first layer.
        side: Least side of the images in pixels: smaller ones are halved less often.
    """

    def __init__(self, channels: int, width: int, side: int) -> None:
        super().__init__()
        halvings = max(1, min(3, side.bit_length() - 4))
        widths = [width << min(level, 3) for level in range(halvings)]
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 4, 2, 1), nn.LeakyReLU(SLOPE)]
        for before, after in pairwise(widths):
            layers += _block(before, after, 2)
        layers += _block(widths[-1], 2 * widths[-1], 1)
        self.layers = nn.Sequential(*layers, nn.Conv2d(2 * widths[-1], 1, 4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, C, H, W) to logits (N, patches)."""
        return self.layers(x).flatten(1)


def hinge_losses(real: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
    """max(0, 1 - D(x)) and max(0, 1 + D(y)) of logits (N, patches), means over patches, (N,).

    Lim and Ye 2017, arXiv:1705.02894.
    """
    return F.relu(1 - real.float()).mean(1), F.relu(1 + made.float()).mean(1)


def _block(ins: int, outs: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(ins, outs, 4, stride, 1, bias=False),
        nn.GroupNorm(GROUPS, outs),
        nn.LeakyReLU(SLOPE),
    ]
