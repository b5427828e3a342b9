"""Keeping weights, buffers and gradients the same in all processes that train them together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import nn
from torch.optim import Optimizer

from genzoo.distributed.process_group import ProcessGroup
from genzoo.training.fsdp_tensors import is_sharded


def share_weights(processes: ProcessGroup, modules: Iterable[nn.Module]) -> None:
    """Give rank 0's parameters and buffers to all."""
    for module in modules:
        # No process has the whole of a sharded tensor, so it cannot differ.
        whole = (tensor for tensor in module.parameters() if not is_sharded(tensor))
        processes.broadcast_([*whole, *module.buffers()])


def unify_buffers(processes: ProcessGroup, modules: Iterable[nn.Module]) -> None:
    """Make buffers, which each process computes from its own rows, the same everywhere.

    Running means and variances of normalisation, and buffers that a module names in its attribute
    `running_means`, become their means over the processes; all other buffers become rank 0's.
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
    statistics += [
        getattr(layer, name)
        for module in modules
        for layer in module.modules()
        for name in getattr(layer, "running_means", ())
    ]
    averaged = {id(value) for value in statistics}
    processes.mean_(statistics)
    processes.broadcast_(
        value for module in modules for value in module.buffers() if id(value) not in averaged
    )


def average_gradients(processes: ProcessGroup, optimizers: Sequence[Optimizer]) -> None:
    """Put the mean over all processes in the place of every gradient the optimisers will use.

    A parameter that has a gradient in some process has one in all afterwards, zeros counted for
    those without; one that has none anywhere keeps none, and its optimiser leaves it alone.
    """
    if processes.size == 1 or not optimizers:
        return
    parameters = [
        parameter
        for optimizer in optimizers
        for group in optimizer.param_groups
        for parameter in group["params"]
        # FSDP averages those of shards while they are computed.
        if not is_sharded(parameter)
    ]
    if not parameters:
        return
    absent = [index for index, parameter in enumerate(parameters) if parameter.grad is None]
    gradients = [
        torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for parameter in parameters
    ]
    present = torch.ones(len(parameters))
    present[absent] = 0.0
    present = present.to(parameters[0].device, non_blocking=True)
    processes.mean_([*gradients, present])
    # Looking at them waits for the device, which no process does whose gradients are whole.
    for index in absent:
        if present[index] > 0:
            parameters[index].grad = gradients[index]
