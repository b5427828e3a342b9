"""Convolutions that take other ways where oneDNN, on a processor, is slow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from genzoo.layers import subpixel, winograd
from genzoo.layers.nodes import Way, computing, convolve
from genzoo.layers.ways import Direct, Winograd

Pair = tuple[int, int]

Kept = dict[tuple[Way, torch.dtype], Tensor]

SMALL = 16
"""Pixels of maps whose weight gradient is computed faster as a product of patches."""


class Conv2d(nn.Conv2d):
    """`torch.nn.Conv2d` in all but speed: the same arguments, weights, results and gradients.

    Attributes:
        kept: Where the weight never changes again, the forms of it that were made; else None.
    """

    kept: Kept | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, O, H', W')."""
        if not _plain(self, x):
            return super().forward(x)
        way = _way(self, x, _output_sides(self, x), transposed=False)
        return super().forward(x) if way is None else _computed(self, x, way)


class ConvTranspose2d(nn.ConvTranspose2d):
    """`torch.nn.ConvTranspose2d` in all but speed: the same arguments, weights and results.

    Attributes:
        kept: Where the weight never changes again, the forms of it that were made; else None.
    """

    kept: Kept | None = None

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Map (N, C, H, W) to (N, O, H', W')."""
        if not _plain(self, x) or output_size is not None or any(self.output_padding):
            return super().forward(x, output_size)
        way = _way(self, x, x.shape[2:], transposed=True)
        if way is None:
            return super().forward(x, output_size)
        return _computed(self, x, way)


def _computed(layer: Conv2d | ConvTranspose2d, x: Tensor, way: Way) -> Tensor:
    if layer.kept is None or torch.is_grad_enabled():
        return convolve(x, layer.weight, layer.bias, way)
    dtype = computing(x)
    kernel = layer.kept.get((way, dtype))
    if kernel is None:
        kernel = layer.kept[way, dtype] = way.kernel(layer.weight, dtype)
    shape = way.output_shape(x.shape, layer.weight.shape)
    return way.output(way.taken(x.to(dtype)), kernel, layer.bias, shape)


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


def _way(
    layer: Conv2d | ConvTranspose2d, x: Tensor, sides: Sequence[int], transposed: bool
) -> Way | None:
    """The way that is faster than torch's own; None where there is none.

    Args:
        layer: Whose.
        x: What it is given.
        sides: Of the small maps, at whose pixels the kernel has its places.
        transposed: Whether the layer goes from the small maps to the large ones.
    """
    kernel, stride, padding = (
        cast(Pair, pair) for pair in (layer.kernel_size, layer.stride, layer.padding)
    )
    weight = layer.weight
    dtype = computing(x)
    learns = torch.is_grad_enabled() and weight.requires_grad
    passes = torch.is_grad_enabled() and x.requires_grad
    use = "training" if learns or passes else "once" if layer.kept is None else "sampling"
    # With odd sides a row of the large maps is left over.
    doubled = transposed or list(x.shape[2:]) == [2 * side for side in sides]
    if doubled and winograd.suits(weight, stride, padding, sides, len(x), (use, dtype)):
        return Winograd(transposed)
    channels = layer.out_channels if transposed else layer.in_channels
    places = sides[0] * sides[1]
    product = learns and places <= SMALL and dtype == torch.bfloat16
    shuffle = (
        doubled
        and (transposed or passes)
        and subpixel.suits(kernel, stride, padding, channels, len(x) * places)
    )
    return Direct(stride, padding, transposed, product, shuffle) if product or shuffle else None
