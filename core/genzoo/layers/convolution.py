"""Convolutions whose weight gradient is one matrix product where that is faster.

On a processor oneDNN's weight gradient of small maps in bfloat16 runs at half the speed of a matrix
product, and maps are small in the deepest layers, which have most of the weights.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from genzoo.layers.products import convolve, convolve_transposed

Pair = tuple[int, int]


class Conv2d(nn.Conv2d):
    """`torch.nn.Conv2d` in all but speed: the same arguments, weights, results and gradients."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, O, H', W')."""
        if not _plain(self, x):
            return super().forward(x)
        stride, padding = cast(Pair, self.stride), cast(Pair, self.padding)
        sides = [
            (side + 2 * pad - kernel) // step + 1
            for side, pad, kernel, step in zip(
                x.shape[2:], padding, self.kernel_size, stride, strict=True
            )
        ]
        if not _small(sides, stride):
            return super().forward(x)
        return convolve(x, self.weight, self.bias, stride, padding)


class ConvTranspose2d(nn.ConvTranspose2d):
    """`torch.nn.ConvTranspose2d` in all but speed: the same arguments, weights and results."""

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Map (N, C, H, W) to (N, O, H', W')."""
        stride, padding = cast(Pair, self.stride), cast(Pair, self.padding)
        if output_size is not None or any(cast(Pair, self.output_padding)):
            return super().forward(x, output_size)
        if not _plain(self, x) or not _small(x.shape[2:], stride):
            return super().forward(x)
        return convolve_transposed(x, self.weight, self.bias, stride, padding)


def _plain(layer: nn.Conv2d | nn.ConvTranspose2d, x: Tensor) -> bool:
    """Whether a weight gradient in bfloat16 will be computed here, of a dense kernel."""
    return (
        x.device.type == "cpu"
        and _dtype(x) == torch.bfloat16
        and x.dim() == 4
        and torch.is_grad_enabled()
        and layer.weight.requires_grad
        and layer.groups == 1
        and layer.dilation == (1, 1)
        and layer.padding_mode == "zeros"
        and not isinstance(layer.padding, str)
        and not torch.compiler.is_compiling()
    )


def _dtype(x: Tensor) -> torch.dtype:
    """What a convolution of x computes in."""
    if torch.is_autocast_enabled("cpu"):
        return torch.get_autocast_dtype("cpu")
    return x.dtype


def _small(sides: torch.Size | list[int], stride: Pair) -> bool:
    """Whether the maps next to the kernel are so small that a matrix product is faster.

    A kernel that moves by more than one pixel copies each pixel fewer times.
    """
    height, width = sides
    return height * width <= (64 if min(stride) > 1 else 16)
