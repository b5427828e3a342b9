"""Random brightness, contrast, inversion of luma, hue and saturation: one linear map per image.

Karras et al. 2020 (arXiv:2006.06676), appendix B. All of these but the brightness scale or turn
colours about the grey axis, so their product has a closed form in any order.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genzoo_gan.adaptive.chance import Chance

BRIGHTNESS_DEVIATION = 0.2
"""In units of half the value range."""

CONTRAST_DEVIATION = 0.5
SATURATION_DEVIATION = 1.0
"""Both of the logarithm to base 2."""


def random_colours(chance: Chance, channels: int) -> tuple[Tensor, Tensor]:
    """Maps of colours whose mid-grey is 0 and whose range is [-1, 1].

    Brightness comes first. Hue needs three channels, saturation more than one.

    Returns:
        Matrices (N, channels, channels), and what they add to all channels, (N, 1, 1).
    """
    brightness = chance.maybe(chance.normal(BRIGHTNESS_DEVIATION), 0.0)
    contrast = chance.maybe(torch.exp2(chance.normal(CONTRAST_DEVIATION)), 1.0)
    luma = contrast * chance.maybe(1.0 - 2.0 * chance.whole(2), 1.0)
    hue = chance.maybe(chance.symmetric(math.pi), 0.0)
    saturation = chance.maybe(torch.exp2(chance.normal(SATURATION_DEVIATION)), 1.0)
    matrices = colour_matrices(luma, contrast * saturation, hue, channels)
    return matrices, (luma * brightness)[:, :, None]


def colour_matrices(luma: Tensor, chroma: Tensor, hue: Tensor, channels: int) -> Tensor:
    """Matrices (N, channels, channels) that scale luma and chroma and turn the hue.

    Args:
        luma: Factor of the mean of the channels, (N, 1).
        chroma: Factor of what the channels differ from their mean by, (N, 1).
        hue: Turn about the grey axis in radians, (N, 1); ignored but for three channels.
        channels: Number of channels.
    """
    grey = torch.full((channels, channels), 1.0 / channels, device=luma.device)
    differences = torch.eye(channels, device=luma.device) - grey
    if channels != 3:
        return luma[:, :, None] * grey + chroma[:, :, None] * differences
    turned = hue.cos()[:, :, None] * differences + hue.sin()[:, :, None] * _turn(luma.device)
    return luma[:, :, None] * grey + chroma[:, :, None] * turned


def recolour(x: Tensor, matrices: Tensor, added: Tensor, low: float, high: float) -> Tensor:
    """Apply colour maps to images (N, C, H, W) of the value range [low, high]."""
    middle, half = (low + high) / 2.0, (high - low) / 2.0
    # A matrix multiplies grey by its rows' sums, which are all the same.
    offset = added * half + middle * (1.0 - matrices.sum(2)[:, :1, None])
    return torch.baddbmm(offset, matrices, x.flatten(2)).view(x.shape)


def recolour_with_alpha(
    x: Tensor, matrices: Tensor, added: Tensor, low: float, high: float
) -> Tensor:
    """`recolour` of images (N, 4, H, W) whose colours are multiplied by alpha, which stays.

    A colour c with its range from 0 to 1 goes to M c + t: multiplied by alpha a, a c goes to
    M a c + a t, which is linear in both.
    """
    unit = (x - low) / (high - low)
    colours, alpha = unit[:, :3].flatten(2), unit[:, 3:].flatten(2)
    # M is of colours whose mid-grey is 0 and whose range is 2 wide.
    offset = (1.0 - matrices.sum(2)[:, :, None] + added) / 2.0
    changed = torch.baddbmm(offset * alpha, matrices, colours)
    together = torch.cat([changed, alpha], dim=1).view(x.shape)
    return low + together * (high - low)


def _turn(device: torch.device) -> Tensor:
    """v x, the cross product with the unit vector v of the grey axis."""
    axis = 1.0 / math.sqrt(3.0)
    return torch.tensor([[0.0, -axis, axis], [axis, 0.0, -axis], [-axis, axis, 0.0]], device=device)
