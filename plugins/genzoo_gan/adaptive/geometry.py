"""Random flips, turns, shifts, scales and stretches, composed into one affine map per image.

Karras et al. 2020 (arXiv:2006.06676), appendix B: pixel blitting, then general geometric
transformations, in its order and with its distributions. The paper samples the image once between
two steps of wavelet filtering; here it is sampled once, bilinearly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from genzoo_gan.adaptive.chance import Chance

MOST_SHIFT = 0.125
"""Of a shift by whole pixels, as a share of the side; deviation of one by fractions of pixels."""

SCALE_DEVIATION = 0.2
"""Of the logarithm to base 2 of a scale or stretch."""


def random_places(chance: Chance, height: int, width: int) -> Tensor:
    """Where each place of the new images takes its value from.

    Returns:
        Affine maps (N, 3, 3) of pixels (x, y, 1), counted from the middle of the image. The image
        is transformed in the order of the factors, from left to right.
    """
    side = torch.tensor([float(width), float(height)], device=chance.noise.device)
    return reduce(torch.matmul, (*_blits(chance, side), *_general(chance, side)))


def warp(x: Tensor, places: Tensor) -> Tensor:
    """Images (N, C, H, W) sampled at `places` (N, 3, 3); beyond its border an image is mirrored."""
    height, width = x.shape[2:]
    vertical, horizontal = _centres(height, x.device), _centres(width, x.device)
    rows, columns = torch.meshgrid(vertical, horizontal, indexing="ij")
    target = torch.stack((columns, rows, torch.ones_like(rows)), dim=-1).view(1, -1, 3)
    # In grid_sample's units both sides are 2 long.
    units = places.new_tensor(
        [[1.0, height / width, 2.0 / width], [width / height, 1.0, 2.0 / height]]
    )
    grid = target @ (places[:, :2] * units).transpose(1, 2)
    return _Sampling.apply(x, grid.view(-1, height, width, 2))


class _Sampling(torch.autograd.Function):
    """`grid_sample`, any number of times differentiable by the images, which torch's is once.

    It is linear in them: its derivative is its transpose, and the derivative of that is itself.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _Spreading.apply(gradient, *ctx.saved_tensors), None


class _Spreading(torch.autograd.Function):
    """The transpose of `_Sampling`, for images as large as the samples."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        bilinear, reflection = 0, 2
        spread, _ = torch.ops.aten.grid_sampler_2d_backward(
            gradient, gradient, grid, bilinear, reflection, False, (True, False)
        )
        return spread

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _Sampling.apply(gradient, *ctx.saved_tensors), None


def _centres(side: int, device: torch.device) -> Tensor:
    """Middles of a side's pixels in [-1, 1]: exact for powers of two, unlike `affine_grid`'s."""
    return (torch.arange(side, device=device) * 2 + 1) / side - 1.0


def _blits(chance: Chance, side: Tensor) -> Iterator[Tensor]:
    """Mirror, quarter turns, shift by whole pixels."""
    mirror = chance.maybe(1.0 - 2.0 * chance.whole(2), 1.0)
    yield _stretching(mirror, torch.ones_like(mirror))
    # A quarter turn would put the sides of what is not square outside.
    turns, angle = (4, math.pi / 2) if bool(side[0] == side[1]) else (2, math.pi)
    yield _turning(chance.maybe(chance.whole(turns), 0.0) * angle).round()
    yield _shifting(chance.maybe((chance.symmetric(MOST_SHIFT, 2) * side).round(), 0.0))


def _general(chance: Chance, side: Tensor) -> Iterator[Tensor]:
    """Scale, turn, stretch, turn, shift by fractions of a pixel.

    One of the two turns happens with the probability of the others, hence 1 - sqrt(1 - p) for each.
    """
    each = 1.0 - math.sqrt(1.0 - chance.probability)
    scale = chance.maybe(torch.exp2(chance.normal(SCALE_DEVIATION)), 1.0)
    yield _stretching(1.0 / scale, 1.0 / scale)
    yield _turning(chance.maybe(chance.symmetric(math.pi), 0.0, each))
    stretch = chance.maybe(torch.exp2(chance.normal(SCALE_DEVIATION)), 1.0)
    yield _stretching(1.0 / stretch, stretch)
    yield _turning(chance.maybe(chance.symmetric(math.pi), 0.0, each))
    yield _shifting(chance.maybe(chance.normal(MOST_SHIFT, 2) * side, 0.0))


def _stretching(x: Tensor, y: Tensor) -> Tensor:
    return torch.diag_embed(torch.cat((x, y, torch.ones_like(x)), dim=1))


def _turning(angle: Tensor) -> Tensor:
    """Rotation by an angle (N, 1) in radians."""
    matrix = _stretching(angle.cos(), angle.cos())
    matrix[:, 0, 1:2], matrix[:, 1, 0:1] = -angle.sin(), angle.sin()
    return matrix


def _shifting(shift: Tensor) -> Tensor:
    """Translation by (N, 2) pixels."""
    matrix = torch.eye(3, device=shift.device).repeat(len(shift), 1, 1)
    matrix[:, :2, 2] = shift
    return matrix
