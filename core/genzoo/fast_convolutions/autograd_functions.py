"""A convolution as two nodes of the graph, so that no gradient is computed that nobody wants.

A backward pass may want the gradient of the input, of the weights or of both: a generator learns
through a discriminator whose weights stay. What it does not want must not be computed, and a
function of both cannot tell. So each convolution here is two nodes: `_Output` has the gradient of
the input, and `_Weights` that of the weights, for which `_Output` passes its own gradient on. Both
can be differentiated again.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from genzoo.fast_convolutions.algorithms import Algorithm
from genzoo.fast_convolutions.shared_weights import shared_weight


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, algorithm: Algorithm) -> Tensor:
    """`conv2d` or `conv_transpose2d` of x (N, C, H, W), with stride 2 and padding 1.

    Args:
        x: A batch on the processor.
        weight: As the algorithm wants it.
        bias: (O,).
        algorithm: How to compute it.
    """
    with torch.no_grad():
        dtype = compute_dtype(x)
        input = algorithm.transform_input(x.to(dtype))
        # Made here and kept, as autocast would cast it once more for the backward pass.
        kernel = shared_weight(
            weight, (algorithm, dtype), lambda: algorithm.transform_weight(weight, dtype)
        )
    # In a tuple the input is not an edge of the graph: a pass that wants the input's gradient alone
    # does not come by here.
    gradient = _TransformedGradient()
    slot = _Weights.apply((x, input), weight, bias, algorithm, gradient)
    result: Tensor = _Output.apply(x, weight, bias, slot, input, kernel, algorithm, gradient)
    return result


class _TransformedGradient:
    """Keeps what one node makes of the output's gradient for the other."""

    def __init__(self) -> None:
        self._kept: tuple[Tensor, Tensor] | None = None

    def of(self, grad: Tensor, algorithm: Algorithm) -> Tensor:
        """What the algorithm makes of it, the first time it is asked; then what was kept."""
        kept, self._kept = self._kept, None
        if kept is not None and kept[0] is grad:
            return kept[1]
        made = algorithm.transform_gradient(grad)
        self._kept = grad, made
        return made


class _Output(torch.autograd.Function):
    """The convolution. Its gradient goes to the input and, as it is, to the slot."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        slot: Tensor,
        input: Tensor,
        kernel: Tensor,
        algorithm: Algorithm,
        gradient: _TransformedGradient,
    ) -> Tensor:
        ctx.save_for_backward(weight, kernel)
        ctx.shape = x.shape
        ctx.algorithm, ctx.gradient = algorithm, gradient
        return algorithm.output(input, kernel, bias, slot.shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        made = None
        if ctx.needs_input_grad[0]:
            weight, kernel = ctx.saved_tensors
            if _needs_plain_operations(grad):
                plain = ctx.algorithm.differentiable()
                made = plain.input_gradient(grad, weight.to(grad.dtype), ctx.shape)
            else:
                transformed = ctx.gradient.of(grad, ctx.algorithm)
                made = ctx.algorithm.input_gradient(transformed, kernel, ctx.shape)
        return made, None, None, grad, None, None, None, None


class _Weights(torch.autograd.Function):
    """A slot for the output's gradient, from which that of weight and bias is made."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: tuple[Tensor, Tensor],
        weight: Tensor,
        bias: Tensor | None,
        algorithm: Algorithm,
        gradient: _TransformedGradient,
    ) -> Tensor:
        x, input = inputs
        ctx.save_for_backward(x, input)
        ctx.shape, ctx.dtype = weight.shape, weight.dtype
        ctx.algorithm, ctx.gradient = algorithm, gradient
        shape = algorithm.output_shape(x.shape, weight.shape)
        return torch.zeros((), dtype=input.dtype).expand(shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, input = ctx.saved_tensors
        if _needs_plain_operations(grad):
            plain = ctx.algorithm.differentiable()
            made = plain.weight_gradient(grad, x.to(grad.dtype), ctx.shape)
        else:
            transformed = ctx.gradient.of(grad, ctx.algorithm)
            made = ctx.algorithm.weight_gradient(transformed, input, ctx.shape)
        bias = grad.sum((0, 2, 3)) if ctx.needs_input_grad[2] else None
        return None, made.to(ctx.dtype), bias, None, None


def _needs_plain_operations(grad: Tensor) -> bool:
    """Whether the gradient will be differentiated itself, or is a batch of gradients."""
    return (
        torch.is_grad_enabled()
        or torch._C._are_functorch_transforms_active()
        or torch._C._functorch.is_legacy_batchedtensor(grad)
    )


def compute_dtype(x: Tensor) -> torch.dtype:
    """What a convolution of x on the processor computes in."""
    return torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
