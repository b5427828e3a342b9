"""Gradients of the global batch, from those that each process has of its own rows."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.optim import Optimizer

from genzoo.distributed.process_group import ProcessGroup
from genzoo.training.fsdp_tensors import is_shared_out


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
        # Those of shares are averaged while they are computed.
        if not is_shared_out(parameter)
    ]
    if not parameters:
        return
    absent = [index for index, parameter in enumerate(parameters) if parameter.grad is None]
    gradients = [
        torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for parameter in parameters
    ]
    shares = torch.ones(len(parameters))
    shares[absent] = 0.0
    shares = shares.to(parameters[0].device, non_blocking=True)
    processes.mean_([*gradients, shares])
    # Looking at the shares waits for the device, which no process does whose gradients are whole.
    for index in absent:
        if shares[index] > 0:
            parameters[index].grad = gradients[index]
