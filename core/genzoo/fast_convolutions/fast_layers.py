"""torch's convolutions with a choice of algorithm."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import forward_ad

from genzoo.fast_convolutions.algorithms import Algorithm
from genzoo.fast_convolutions.autograd_functions import compute_dtype, convolve
from genzoo.fast_convolutions.choose_algorithm import choose_algorithm

PRECISIONS = (torch.float32, torch.bfloat16)

Transformed = dict[tuple[Algorithm, torch.dtype], Tensor]


class FastConv2d(nn.Conv2d):
    """`torch.nn.Conv2d` in all but speed: the same weights, results and gradients.

    Attributes:
        computes_as: The layer of torch that it computes the same as.
        weights_are_final: Whether the weights never change again, as in a folded copy: what is
            made of them may be kept.
    """

    computes_as: ClassVar[type[nn.Module]] = nn.Conv2d
    weights_are_final: bool = False

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, O, H', W')."""
        if not _may_be_fast(self, x):
            return super().forward(x)
        # Once each, as a parametrised weight is computed whenever it is asked for.
        weight, bias = self.weight, self.bias
        result = _computed(self, x, weight, bias, transposed=False)
        return self._conv_forward(x, weight, bias) if result is None else result


class FastConvTranspose2d(nn.ConvTranspose2d):
    """`torch.nn.ConvTranspose2d` in all but speed: the same weights, results and gradients.

    Attributes:
        computes_as: The layer of torch that it computes the same as.
        weights_are_final: As of `FastConv2d`.
    """

    computes_as: ClassVar[type[nn.Module]] = nn.ConvTranspose2d
    weights_are_final: bool = False

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Map (N, C, H, W) to (N, O, H', W')."""
        if output_size is not None or any(self.output_padding) or not _may_be_fast(self, x):
            return super().forward(x, output_size)
        weight, bias = self.weight, self.bias
        result = _computed(self, x, weight, bias, transposed=True)
        return F.conv_transpose2d(x, weight, bias, 2, 1) if result is None else result


def _may_be_fast(layer: FastConv2d | FastConvTranspose2d, x: Tensor) -> bool:
    """Whether it is a kernel that there are algorithms for, applied to a plain batch.

    Compilers, tracers and tensors of another class need operations of torch alone; so do
    transforms of `torch.func` and forward-mode differentiation.
    """
    return (
        not torch.compiler.is_compiling()
        and not torch._C._is_tracing()
        and not torch._C._are_functorch_transforms_active()
        and forward_ad._current_level < 0
        and layer.kernel_size == (4, 4)
        and layer.stride == (2, 2)
        and layer.padding == (1, 1)
        and layer.dilation == (1, 1)
        and layer.groups == 1
        and layer.padding_mode == "zeros"
        and _is_plain(x)
        and x.dim() == 4
        and x.shape[1] == layer.in_channels
    )


def _is_plain(tensor: Tensor) -> bool:
    return (
        type(tensor) in (Tensor, nn.Parameter)
        and tensor.device.type == "cpu"
        and tensor.layout == torch.strided
        and tensor.dtype in PRECISIONS
    )


def _computed(
    layer: FastConv2d | FastConvTranspose2d,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    *,
    transposed: bool,
) -> Tensor | None:
    """The result by a faster algorithm; None where torch's own is to be taken."""
    dtype = compute_dtype(x)
    # Outside autocast torch refuses to mix precisions.
    mixed = weight.dtype != x.dtype and not torch.is_autocast_enabled("cpu")
    if mixed or dtype not in PRECISIONS or not _is_plain(weight):
        return None
    final = layer.weights_are_final and not torch.is_grad_enabled()
    algorithm = choose_algorithm(x, weight, dtype, transposed=transposed, final=final)
    if algorithm is None:
        return None
    if not final:
        return convolve(x, weight, bias, algorithm)
    kept: Transformed = layer.__dict__.setdefault("_transformed_weights", {})
    if (algorithm, dtype) not in kept:
        kept[algorithm, dtype] = algorithm.transform_weight(weight, dtype)
    shape = algorithm.output_shape(x.shape, weight.shape)
    return algorithm.output(
        algorithm.transform_input(x.to(dtype)), kept[algorithm, dtype], bias, shape
    )
