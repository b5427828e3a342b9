"""Swaps the convolutions of a network, as `torch.nn.SyncBatchNorm` does with normalisations."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.parametrize import type_before_parametrizations

from genzoo.fast_convolutions.fast_layers import FastConv2d, FastConvTranspose2d

FAST: dict[type[nn.Module], type[nn.Module]] = {
    nn.Conv2d: FastConv2d,
    nn.ConvTranspose2d: FastConvTranspose2d,
}


def use_fast_convolutions(network: nn.Module) -> None:
    """Give each `Conv2d` and `ConvTranspose2d` of the network a faster forward pass, in place.

    A layer changes its class and nothing else: it stays the same object, with its weights, hooks
    and parametrisations. Subclasses are left alone, as they may compute anything.
    """
    for module in network.modules():
        fast = FAST.get(type_before_parametrizations(module))
        if fast is not None:
            module.__class__ = _class_of_its_own(module, fast)


def _class_of_its_own(module: nn.Module, fast: type[nn.Module]) -> type[nn.Module]:
    own = type(module)
    if own in FAST:
        return fast
    # A parametrised layer has a class of its own, whose properties compute its weights.
    members = {name: member for name, member in vars(own).items() if name != "__doc__"}
    return type(own.__name__, (fast,), members)
