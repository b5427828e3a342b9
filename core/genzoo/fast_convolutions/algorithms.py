"""The algorithms for convolutions of kernel 4, stride 2 and padding 1, and for their transposes.

Both go between large maps and small ones of half the sides. oneDNN's are `Direct`, but where they
are slow on a processor: its weight gradient of small maps in bfloat16 runs at half the speed of a
matrix product of patches, and its transposed convolution to few channels at two thirds of that of
`upsample`. `Winograd` multiplies less.

The weight is (O, C, 4, 4), or (C, O, 4, 4) if transposed. Weight, input and the output's gradient
are each transformed once, for the two computations that take them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn import grad as gradients

from genzoo.fast_convolutions.winograd_transforms import (
    kernel_to_tiles,
    large_to_tiles,
    small_to_tiles,
    tiles_to_kernel,
    tiles_to_large,
    tiles_to_small,
)

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Direct:
    """One operation for each of the result and its two gradients.

    Attributes:
        transposed: From small maps to large ones.
        product: The weight gradient is one matrix product of patches.
        subpixel: From small maps to large ones by `upsample`.
    """

    transposed: bool
    product: bool = False
    subpixel: bool = False

    def transform_weight(self, weight: Tensor, dtype: torch.dtype) -> Tensor:
        """What `output` and `input_gradient` take of the weight: itself."""
        return weight.to(dtype)

    def transform_input(self, x: Tensor) -> Tensor:
        """What `output` and `weight_gradient` take of the input: itself."""
        return x

    def transform_gradient(self, grad: Tensor) -> Tensor:
        """What both gradients take of the output's gradient: itself."""
        return grad

    def output(self, x: Tensor, weight: Tensor, bias: Tensor | None, shape: Shape) -> Tensor:
        """`conv2d` or `conv_transpose2d`, of that shape (N, O, H', W')."""
        if not self.transposed:
            return F.conv2d(x, weight, bias, 2, 1)
        if self.subpixel:
            return upsample(x, weight, bias)
        return F.conv_transpose2d(x, weight, bias, 2, 1)

    def input_gradient(self, grad: Tensor, weight: Tensor, shape: Shape) -> Tensor:
        """The gradient of the input, of that shape: the other of the two."""
        if self.transposed:
            return F.conv2d(grad, weight, None, 2, 1)
        if self.subpixel:
            return upsample(grad, weight)
        return gradients.conv2d_input(shape, weight, grad, 2, 1)

    def weight_gradient(self, grad: Tensor, x: Tensor, shape: Shape) -> Tensor:
        """The gradient of the weight, of that shape."""
        small, large = (x, grad) if self.transposed else (grad, x)
        if not self.product:
            return gradients.conv2d_weight(large, shape, small, 2, 1)
        rows = small.permute(0, 2, 3, 1).flatten(0, 2)
        return (rows.t() @ patches(large)).view(-1, 4, 4, shape[1]).permute(0, 3, 1, 2)

    def output_shape(self, x: Shape, weight: Shape) -> Shape:
        """Of the result, from the shapes of the input and the weight."""
        if self.transposed:
            return x[0], weight[1], 2 * x[2], 2 * x[3]
        return x[0], weight[0], x[2] // 2, x[3] // 2

    def differentiable(self) -> Direct:
        """An algorithm of operations that torch can differentiate, without transforms: this."""
        return self


@dataclass(frozen=True)
class Winograd:
    """Nine matrix products where sixteen are usual, by minimal filtering.

    Attributes:
        transposed: From small maps to large ones.
    """

    transposed: bool

    def transform_weight(self, weight: Tensor, dtype: torch.dtype) -> Tensor:
        """(9, small channels, 4 * large channels)."""
        return kernel_to_tiles(weight, dtype)

    def transform_input(self, x: Tensor) -> Tensor:
        """(9, squares, features)."""
        return small_to_tiles(x) if self.transposed else large_to_tiles(x)

    def transform_gradient(self, grad: Tensor) -> Tensor:
        """(9, squares, features)."""
        return large_to_tiles(grad) if self.transposed else small_to_tiles(grad)

    def output(self, x: Tensor, weight: Tensor, bias: Tensor | None, shape: Shape) -> Tensor:
        """As of `Direct`."""
        result = (_to_large if self.transposed else _to_small)(x, weight, shape)
        return result if bias is None else result.add_(bias.to(result.dtype)[:, None, None])

    def input_gradient(self, grad: Tensor, weight: Tensor, shape: Shape) -> Tensor:
        """As of `Direct`."""
        return (_to_small if self.transposed else _to_large)(grad, weight, shape)

    def weight_gradient(self, grad: Tensor, x: Tensor, shape: Shape) -> Tensor:
        """As of `Direct`."""
        small, large = (x, grad) if self.transposed else (grad, x)
        return tiles_to_kernel(torch.bmm(small.mT, large), shape)

    def output_shape(self, x: Shape, weight: Shape) -> Shape:
        """As of `Direct`."""
        return self.differentiable().output_shape(x, weight)

    def differentiable(self) -> Direct:
        """oneDNN's."""
        return Direct(self.transposed)


Algorithm: TypeAlias = Direct | Winograd


def _to_small(large_tiles: Tensor, weight: Tensor, shape: Shape) -> Tensor:
    return tiles_to_small(torch.bmm(large_tiles, weight.mT), shape)


def _to_large(small_tiles: Tensor, weight: Tensor, shape: Shape) -> Tensor:
    return tiles_to_large(torch.bmm(small_tiles, weight), shape)


def upsample(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`conv_transpose2d(x, weight, bias, 2, 1)` as a convolution and a shuffle of pixels.

    Shi et al. 2016 (arXiv:1609.07009): each 2 x 2 pixels of the input make 2 x 2 pixels of the
    result, those around their middle. oneDNN computes blocks of 16 channels and throws most of them
    away where an image has three; the four pixels fill a block.

    Args:
        x: (N, I, H, W).
        weight: (I, O, 4, 4).
        bias: (O,).

    Returns:
        (N, O, 2H, 2W), with channels last where torch would lay it out so.
    """
    inputs, outputs = weight.shape[:2]
    # The 2 x 2 taps of 2 x 2 pixels each.
    taps = weight.view(inputs, outputs, 2, 2, 2, 2).flip(2, 4)
    kernels = taps.permute(1, 3, 5, 0, 2, 4).reshape(4 * outputs, inputs, 2, 2)
    biases = None if bias is None else bias.to(x.dtype).repeat_interleave(4)
    # Around the maps are pixels that only padding was seen for.
    maps = F.pixel_shuffle(F.conv2d(x, kernels, biases, 1, 1), 2)[..., 1:-1, 1:-1]
    # No view, as what autograd gives out as a result may be written to in place.
    return maps.clone(memory_format=_layout(x, weight))


def _layout(*tensors: Tensor) -> torch.memory_format:
    """What torch lays a convolution's result out in: channels last if either of the two is so."""
    last = any(
        tensor.is_contiguous(memory_format=torch.channels_last) and not tensor.is_contiguous()
        for tensor in tensors
    )
    return torch.channels_last if last else torch.contiguous_format


def patches(large: Tensor) -> Tensor:
    """What the kernel sees of large maps (N, C, 2H, 2W) at each of its places.

    Returns:
        (N * H * W, 16 * C).
    """
    padded = F.pad(large.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
    seen = padded.unfold(1, 4, 2).unfold(2, 4, 2)
    return seen.permute(0, 1, 2, 4, 5, 3).flatten(3).flatten(0, 2)
