"""A convolution as two nodes of the graph, so that no gradient is computed that nobody wants.

A backward pass may want the gradient of the input, of the weights or of both: a generator learns
through a discriminator whose weights stay. What it does not want must not be computed, and a
function of both cannot tell. So each convolution here is two nodes: `_Output` has the gradient of
the input, and `_Weights` that of the weights, for which `_Output` passes its own gradient on. Both
can be differentiated again.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from genzoo.layers.kernels import kernel_of

Pair = tuple[int, int]


class Way(Protocol):
    """How to compute a convolution of x (N, C, H, W) or, transposed, one to larger maps.

    The weight is (O, C, K, L), or (C, O, K, L) if transposed; dilation and groups are 1.
    """

    def kernel(self, weight: Tensor, dtype: torch.dtype) -> Tensor:
        """The weight in the form that `output` and `input_gradient` take."""

    def taken(self, x: Tensor) -> Tensor:
        """The input in the form that `output` and `weight_gradient` take."""

    def output(
        self, taken: Tensor, kernel: Tensor, bias: Tensor | None, shape: tuple[int, ...]
    ) -> Tensor:
        """The result, of that shape (N, O, H', W')."""

    def returned(self, grad: Tensor) -> Tensor:
        """The gradient of the output in the form that the next two take."""

    def input_gradient(self, returned: Tensor, kernel: Tensor, shape: tuple[int, ...]) -> Tensor:
        """The gradient of the input, of that shape."""

    def weight_gradient(self, returned: Tensor, taken: Tensor, shape: tuple[int, ...]) -> Tensor:
        """The gradient of the weight, of that shape."""

    def output_shape(self, x: tuple[int, ...], weight: tuple[int, ...]) -> tuple[int, ...]:
        """Of the result, from the shapes of the input and the weight."""

    def twice(self) -> Way:
        """A way of operations that torch can differentiate; its kernel and input are as given."""


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, way: Way) -> Tensor:
    """`conv2d` or `conv_transpose2d` of x (N, C, H, W), computed in that way.

    Args:
        x: A batch on the processor.
        weight: As the way wants it.
        bias: (O,).
        way: How to compute it.
    """
    with torch.no_grad():
        taken = way.taken(x.to(computing(x)))
        # Made here and kept, as autocast would cast it once more for the backward pass.
        dtype = taken.dtype
        kernel = kernel_of(weight, (way, dtype), lambda: way.kernel(weight, dtype))
    # In a tuple the input is no edge of the graph: a pass that wants the input's gradient alone
    # does not come by here.
    returns = _Returns()
    slot = _Weights.apply((x, taken), weight, bias, way, returns)
    result: Tensor = _Output.apply(x, weight, bias, slot, taken, kernel, way, returns)
    return result


class _Returns:
    """Keeps what one node makes of the output's gradient for the other."""

    def __init__(self) -> None:
        self._kept: tuple[Tensor, Tensor] | None = None

    def make(self, grad: Tensor, way: Way) -> Tensor:
        """What the way makes of it, the first time it is asked; then what was kept."""
        kept, self._kept = self._kept, None
        if kept is not None and kept[0] is grad:
            return kept[1]
        made = way.returned(grad)
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
        taken: Tensor,
        kernel: Tensor,
        way: Way,
        returns: _Returns,
    ) -> Tensor:
        ctx.save_for_backward(weight, kernel)
        ctx.shape = x.shape
        ctx.way, ctx.returns = way, returns
        return way.output(taken, kernel, bias, slot.shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        made = None
        if ctx.needs_input_grad[0]:
            weight, kernel = ctx.saved_tensors
            if torch.is_grad_enabled():
                # The gradient will be differentiated, by the weight too.
                made = ctx.way.twice().input_gradient(grad, weight.to(grad.dtype), ctx.shape)
            else:
                returned = ctx.returns.make(grad, ctx.way)
                made = ctx.way.input_gradient(returned, kernel, ctx.shape)
        return made, None, None, grad, None, None, None, None


class _Weights(torch.autograd.Function):
    """A slot for the output's gradient, from which that of weight and bias is made."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: tuple[Tensor, Tensor],
        weight: Tensor,
        bias: Tensor | None,
        way: Way,
        returns: _Returns,
    ) -> Tensor:
        x, taken = inputs
        ctx.save_for_backward(x, taken)
        ctx.shape, ctx.dtype = weight.shape, weight.dtype
        ctx.way, ctx.returns = way, returns
        shape = way.output_shape(x.shape, weight.shape)
        return torch.zeros((), dtype=taken.dtype).expand(shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, taken = ctx.saved_tensors
        if torch.is_grad_enabled():
            made = ctx.way.twice().weight_gradient(grad, x.to(grad.dtype), ctx.shape)
        else:
            returned = ctx.returns.make(grad, ctx.way)
            made = ctx.way.weight_gradient(returned, taken, ctx.shape)
        bias = grad.sum((0, 2, 3)) if ctx.needs_input_grad[2] else None
        return None, made.to(ctx.dtype), bias, None, None


def computing(x: Tensor) -> torch.dtype:
    """What a convolution of x on the processor computes in."""
    return torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
