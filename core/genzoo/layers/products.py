"""Convolutions whose gradients are computed in the way that is faster.

On a processor oneDNN's weight gradient of small maps in bfloat16 runs at half the speed of a matrix
product of patches; small maps are in the deepest layers, which have most of the weights.

A backward pass may want the gradient of the input, of the weights or of both: a generator learns
through a discriminator whose weights stay. What it does not want must not be computed, and a
function of both cannot tell. So each convolution here is two nodes of the graph: `_Output` has the
gradient of the input, and `_Weights` that of the weights, for which `_Output` passes its own
gradient on. Both can be differentiated again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn import grad as gradients

from genzoo.layers.subpixel import upsample

Pair = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """How a kernel moves, and how to compute that.

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
    product: bool
    subpixel: bool


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry) -> Tensor:
    """`conv2d` or, transposed, `conv_transpose2d` of x (N, C, H, W).

    Args:
        x: A batch on the processor.
        weight: (O, C, K, L), or (C, O, K, L) if transposed.
        bias: (O,).
        geometry: Dilation and groups are 1.
    """
    # In a tuple the input is no edge of the graph: a pass that wants the input's gradient alone
    # does not come by here.
    slot = _Weights.apply((x,), weight, bias, geometry)
    result: Tensor = _Output.apply(x, weight, bias, slot, geometry)
    return result


class _Output(torch.autograd.Function):
    """The convolution. Its gradient goes to the input and, as it is, to the slot."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        slot: Tensor,
        geometry: Geometry,
    ) -> Tensor:
        # Cast here and kept, as autocast would cast it once more for the backward pass.
        kernel = weight.to(_computing(x))
        ctx.save_for_backward(x, weight, kernel)
        ctx.geometry = geometry
        return _forward(x, kernel, bias, geometry)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, kernel = ctx.saved_tensors
        if not ctx.needs_input_grad[0]:
            return None, None, None, grad, None
        if torch.is_grad_enabled():
            # The gradient will be differentiated, by the weight too.
            kernel = weight.to(grad.dtype)
        return _input_gradient(x, kernel, grad, ctx.geometry), None, None, grad, None


class _Weights(torch.autograd.Function):
    """A slot for the output's gradient, from which that of weight and bias is made."""

    @staticmethod
    def forward(
        ctx: Any, inputs: tuple[Tensor], weight: Tensor, bias: Tensor | None, geometry: Geometry
    ) -> Tensor:
        (x,) = inputs
        ctx.save_for_backward(x, weight)
        ctx.geometry = geometry
        return torch.zeros((), dtype=_computing(x)).expand(_output_shape(x, weight, geometry))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        made = _weight_gradient(x.to(grad.dtype), weight, grad, ctx.geometry)
        bias = grad.sum((0, 2, 3)) if ctx.needs_input_grad[2] else None
        return None, made.to(weight.dtype), bias, None


def _computing(x: Tensor) -> torch.dtype:
    """What a convolution of x on the processor computes in."""
    return torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype


def _output_shape(x: Tensor, weight: Tensor, geometry: Geometry) -> tuple[int, ...]:
    sides = zip(x.shape[2:], weight.shape[2:], geometry.stride, geometry.padding, strict=True)
    if geometry.transposed:
        return len(x), weight.shape[1], *((s - 1) * m - 2 * p + k for s, k, m, p in sides)
    return len(x), weight.shape[0], *((s + 2 * p - k) // m + 1 for s, k, m, p in sides)


def _forward(x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry) -> Tensor:
    if not geometry.transposed:
        return F.conv2d(x, weight, bias, geometry.stride, geometry.padding)
    if geometry.subpixel:
        return upsample(x, weight, bias)
    return F.conv_transpose2d(x, weight, bias, geometry.stride, geometry.padding)


def _input_gradient(x: Tensor, weight: Tensor, grad: Tensor, geometry: Geometry) -> Tensor:
    if geometry.transposed:
        return F.conv2d(grad, weight, None, geometry.stride, geometry.padding)
    if geometry.subpixel:
        return upsample(grad, weight)
    return gradients.conv2d_input(x.shape, weight, grad, geometry.stride, geometry.padding)


def _weight_gradient(x: Tensor, weight: Tensor, grad: Tensor, geometry: Geometry) -> Tensor:
    small, large = (x, grad) if geometry.transposed else (grad, x)
    if not geometry.product:
        return gradients.conv2d_weight(
            large, weight.shape, small, geometry.stride, geometry.padding
        )
    _, _, *kernel = weight.shape
    rows = small.permute(0, 2, 3, 1).flatten(0, 2)
    made = rows.t() @ patches(large, (kernel[0], kernel[1]), geometry.stride, geometry.padding)
    return made.view(-1, *kernel, large.shape[1]).permute(0, 3, 1, 2)


def patches(x: Tensor, kernel: Pair, stride: Pair, padding: Pair) -> Tensor:
    """What a kernel sees of x (N, C, H, W) at each of its places.

    Returns:
        (N * places, kernel height * kernel width * C).
    """
    (top, left), (down, right) = padding, stride
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, left, left, top, top))
    seen = padded.unfold(1, kernel[0], down).unfold(2, kernel[1], right)
    return seen.permute(0, 1, 2, 4, 5, 3).flatten(3).flatten(0, 2)
