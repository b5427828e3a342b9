"""Batch normalisation as part of the convolution before it, to sample with."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import TypeAlias, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

M = TypeVar("M", bound=nn.Module)
Convolution: TypeAlias = nn.Conv2d | nn.ConvTranspose2d

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
"""Exactly these: a subclass, such as a parametrised one, may compute anything."""


def fold_batch_norm(network: M) -> M:
    """A network that computes the same in evaluation mode, to rounding, and faster on a processor.

    In each `Sequential` a batch normalisation right after a convolution becomes part of its weights
    (Jacob et al. 2018, section 3.2), which are laid out with channels last. The copy shares all
    other tensors with `network`, which stays as it is; where there is nothing to fold it is
    `network` itself. Under autocast its convolutions hold their weights in the precision of that.

    Args:
        network: On any device.
    """
    if not any(True for _ in _pairs(network)):
        return network
    tensors = chain(network.parameters(), network.buffers())
    twin = copy.deepcopy(network, {id(tensor): tensor for tensor in tensors})
    for sequence, name, convolution, follower, norm in list(_pairs(twin)):
        setattr(sequence, name, _fused(convolution, norm))
        setattr(sequence, follower, nn.Identity())
    return twin


def _pairs(
    network: nn.Module,
) -> Iterator[tuple[nn.Sequential, str, Convolution, str, nn.BatchNorm2d]]:
    """Each convolution and the normalisation after it, with the sequence and their names in it."""
    uses = Counter(id(module) for _, module in network.named_modules(remove_duplicate=False))
    for sequence in network.modules():
        if type(sequence) is not nn.Sequential:
            continue
        for (name, first), (follower, second) in pairwise(sequence.named_children()):
            if (
                _computes_as(first) in CONVOLUTIONS
                and type(second) is nn.BatchNorm2d
                and second.running_mean is not None
                # The weights of a transposed convolution in groups are laid out in another way.
                and (first.groups == 1 or not isinstance(first, nn.ConvTranspose2d))
                and all(uses[id(one)] == 1 and not _is_hooked(one) for one in (first, second))
            ):
                assert isinstance(first, Convolution)
                yield sequence, name, first, follower, second


def _computes_as(module: nn.Module) -> object:
    """The layer's class, or that which a fast convolution says it computes the same as."""
    return vars(type(module)).get("computes_as", type(module))


def _is_hooked(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)


def _fused(convolution: Convolution, norm: nn.BatchNorm2d) -> Convolution:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale, shift = _affine(norm)
    weight, bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        scale,
        shift,
        transpose=isinstance(convolution, nn.ConvTranspose2d),
    )
    fused = copy.copy(convolution)
    # A fast convolution may keep what it makes of weights that never change again.
    fused.weights_are_final = True  # type: ignore[assignment]
    fused._parameters = {"weight": _ready(weight), "bias": _ready(bias)}
    return fused


def _affine(norm: nn.BatchNorm2d) -> tuple[Tensor | None, Tensor | None]:
    return (norm.weight, norm.bias) if norm.affine else (None, None)


def _ready(tensor: Tensor) -> nn.Parameter:
    kind = tensor.device.type
    dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else tensor.dtype
    layout = torch.channels_last if tensor.dim() == 4 else torch.preserve_format
    return nn.Parameter(tensor.detach().to(dtype=dtype, memory_format=layout), requires_grad=False)
