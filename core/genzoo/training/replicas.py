"""Keeping weights and buffers the same in all processes that train them together."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from genzoo.distributed.process_group import ProcessGroup
from genzoo.training.fsdp_tensors import is_shared_out


def share_weights(processes: ProcessGroup, modules: Iterable[nn.Module]) -> None:
    """Give rank 0's parameters and buffers to all."""
    for module in modules:
        # Nobody has all of what is shared out, so it cannot differ.
        whole = (tensor for tensor in module.parameters() if not is_shared_out(tensor))
        processes.broadcast_([*whole, *module.buffers()])


def unify_buffers(processes: ProcessGroup, modules: Iterable[nn.Module]) -> None:
    """Make buffers, which each process computes from its own rows, the same everywhere.

    Running means and variances of normalisation become their means over the processes; all other
    buffers become rank 0's.
    """
    if processes.size == 1:
        return
    modules = list(modules)
    statistics = [
        value
        for module in modules
        for layer in module.modules()
        if isinstance(layer, nn.modules.batchnorm._NormBase)
        for value in (layer.running_mean, layer.running_var)
        if value is not None
    ]
    averaged = {id(value) for value in statistics}
    processes.mean_(statistics)
    processes.broadcast_(
        value for module in modules for value in module.buffers() if id(value) not in averaged
    )
