"""Convolutions that take other ways where oneDNN, on a processor, is slow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from genzoo.layers import subpixel
from genzoo.layers.products import Geometry, convolve

Pair = tuple[int, int]

SMALL = 16
"""Pixels of maps whose weight gradient is computed faster as a product of patches."""


class Conv2d(nn.Conv2d):
    """`torch.nn.Conv2d` in all but speed: the same arguments, weights, results and gradients."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, O, H', W')."""
        if not _plain(self, x):
            return super().forward(x)
        geometry = _geometry(self, x, _output_sides(self, x), self.in_channels, transposed=False)
        if not geometry.product and not (geometry.subpixel and x.requires_grad):
            return super().forward(x)
        return convolve(x, self.weight, self.bias, geometry)


class ConvTranspose2d(nn.ConvTranspose2d):
    """`torch.nn.ConvTranspose2d` in all but speed: the same arguments, weights and results."""

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Map (N, C, H, W) to (N, O, H', W')."""
        if not _plain(self, x) or output_size is not None or any(self.output_padding):
            return super().forward(x, output_size)
        geometry = _geometry(self, x, x.shape[2:], self.out_channels, transposed=True)
        if not geometry.product and not geometry.subpixel:
            return super().forward(x, output_size)
        return convolve(x, self.weight, self.bias, geometry)


def _output_sides(layer: nn.Conv2d, x: Tensor) -> list[int]:
    padding = cast(Pair, layer.padding)
    sides = zip(x.shape[2:], layer.kernel_size, layer.stride, padding, strict=True)
    return [(side + 2 * pad - kernel) // step + 1 for side, kernel, step, pad in sides]


def _plain(layer: nn.Conv2d | nn.ConvTranspose2d, x: Tensor) -> bool:
    """Whether it is a dense kernel that a processor moves over a batch, one by one."""
    return (
        x.device.type == "cpu"
        and x.dim() == 4
        and layer.groups == 1
        and layer.dilation == (1, 1)
        and layer.padding_mode == "zeros"
        and not isinstance(layer.padding, str)
        and not torch.compiler.is_compiling()
    )


def _geometry(
    layer: nn.Conv2d | nn.ConvTranspose2d,
    x: Tensor,
    sides: Sequence[int],
    channels: int,
    transposed: bool,
) -> Geometry:
    """The layer's, with the ways that are faster.

    Args:
        layer: Whose.
        x: What it is given.
        sides: Of the small maps, at whose pixels the kernel has its places.
        channels: Of the large maps.
        transposed: Whether the layer goes from the small maps to the large ones.
    """
    kernel, stride, padding = (
        cast(Pair, pair) for pair in (layer.kernel_size, layer.stride, layer.padding)
    )
    places = sides[0] * sides[1]
    learns = torch.is_grad_enabled() and layer.weight.requires_grad
    return Geometry(
        stride,
        padding,
        transposed,
        product=learns and places <= SMALL and _computes_bfloat16(x),
        subpixel=subpixel.suits(kernel, stride, padding, channels, len(x) * places),
    )


def _computes_bfloat16(x: Tensor) -> bool:
    if torch.is_autocast_enabled("cpu"):
        return torch.get_autocast_dtype("cpu") == torch.bfloat16
    return x.dtype == torch.bfloat16
