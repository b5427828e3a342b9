"""The ways to compute a convolution on a processor.

oneDNN's are `Direct`, but where they are slow: its weight gradient of small maps in bfloat16 runs
at half the speed of a matrix product of patches, and its transposed convolution to few channels at
two thirds of that of `subpixel`. `Winograd` multiplies less.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn import grad as gradients

from genzoo.layers.subpixel import upsample
from genzoo.layers.winograd import contract, cut, expand, gather, join, spread

Pair = tuple[int, int]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Direct:
    """One operation for each of the result and its two gradients.

    Attributes:
        stride: Pixels from place to place.
        padding: Zeros around the large maps.
        transposed: From small maps to large ones.
        product: The weight gradient is one matrix product of patches.
        subpixel: From small maps to large ones as a shuffle of pixels.
    """

    stride: Pair
    padding: Pair
    transposed: bool
    product: bool = False
    subpixel: bool = False

    def kernel(self, weight: Tensor, dtype: torch.dtype) -> Tensor:
        """The weight."""
        return weight.to(dtype)

    def taken(self, x: Tensor) -> Tensor:
        """The input."""
        return x

    def output(self, taken: Tensor, kernel: Tensor, bias: Tensor | None, shape: Shape) -> Tensor:
        """`conv2d` or `conv_transpose2d`."""
        if not self.transposed:
            return F.conv2d(taken, kernel, bias, self.stride, self.padding)
        if self.subpixel:
            return upsample(taken, kernel, bias)
        return F.conv_transpose2d(taken, kernel, bias, self.stride, self.padding)

    def returned(self, grad: Tensor) -> Tensor:
        """The gradient of the output."""
        return grad

    def input_gradient(self, returned: Tensor, kernel: Tensor, shape: Shape) -> Tensor:
        """The other of the two."""
        if self.transposed:
            return F.conv2d(returned, kernel, None, self.stride, self.padding)
        if self.subpixel:
            return upsample(returned, kernel)
        return gradients.conv2d_input(shape, kernel, returned, self.stride, self.padding)

    def weight_gradient(self, returned: Tensor, taken: Tensor, shape: Shape) -> Tensor:
        """Of all that the kernel sees of the large maps with the small maps."""
        small, large = (taken, returned) if self.transposed else (returned, taken)
        if not self.product:
            return gradients.conv2d_weight(large, shape, small, self.stride, self.padding)
        _, channels, *kernel = shape
        rows = small.permute(0, 2, 3, 1).flatten(0, 2)
        seen = patches(large, (kernel[0], kernel[1]), self.stride, self.padding)
        return (rows.t() @ seen).view(-1, *kernel, channels).permute(0, 3, 1, 2)

    def output_shape(self, x: Shape, weight: Shape) -> Shape:
        """(N, O, H', W')."""
        sides = zip(x[2:], weight[2:], self.stride, self.padding, strict=True)
        if self.transposed:
            return x[0], weight[1], *((s - 1) * m - 2 * p + k for s, k, m, p in sides)
        return x[0], weight[0], *((s + 2 * p - k) // m + 1 for s, k, m, p in sides)

    def twice(self) -> Direct:
        """This."""
        return self


@dataclass(frozen=True)
class Winograd:
    """The way of a kernel of 4 by 4 with stride 2 and padding 1.

    Attributes:
        transposed: From small maps to large ones.
    """

    transposed: bool

    def kernel(self, weight: Tensor, dtype: torch.dtype) -> Tensor:
        """(9, small channels, 4 * large channels)."""
        return expand(weight, dtype)

    def taken(self, x: Tensor) -> Tensor:
        """(9, squares, features)."""
        return spread(x) if self.transposed else cut(x)

    def output(self, taken: Tensor, kernel: Tensor, bias: Tensor | None, shape: Shape) -> Tensor:
        """`conv2d` or `conv_transpose2d`."""
        if self.transposed:
            result = join(torch.bmm(taken, kernel), shape)
        else:
            result = gather(torch.bmm(taken, kernel.mT), shape)
        return result if bias is None else result.add_(bias.to(result.dtype)[:, None, None])

    def returned(self, grad: Tensor) -> Tensor:
        """(9, squares, features)."""
        return cut(grad) if self.transposed else spread(grad)

    def input_gradient(self, returned: Tensor, kernel: Tensor, shape: Shape) -> Tensor:
        """The other of the two."""
        if self.transposed:
            return gather(torch.bmm(returned, kernel.mT), shape)
        return join(torch.bmm(returned, kernel), shape)

    def weight_gradient(self, returned: Tensor, taken: Tensor, shape: Shape) -> Tensor:
        """Of all that the kernel sees of the large maps with the small maps."""
        small, large = (taken, returned) if self.transposed else (returned, taken)
        return contract(torch.bmm(small.mT, large), shape)

    def output_shape(self, x: Shape, weight: Shape) -> Shape:
        """(N, O, H', W')."""
        return self.twice().output_shape(x, weight)

    def twice(self) -> Direct:
        """oneDNN's, which torch can differentiate."""
        return Direct((2, 2), (1, 1), self.transposed)


def patches(x: Tensor, kernel: Pair, stride: Pair, padding: Pair) -> Tensor:
    """What a kernel sees of x (N, C, H, W) at each of its places.

    Returns:
        (N * places, kernel height * kernel width * C).
    """
    (top, left), (down, right) = padding, stride
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, left, left, top, top))
    seen = padded.unfold(1, kernel[0], down).unfold(2, kernel[1], right)
    return seen.permute(0, 1, 2, 4, 5, 3).flatten(3).flatten(0, 2)
