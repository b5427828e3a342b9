"""Networks whose parameters are spread over the processes that train them (FSDP2).

Each process keeps a shard of every large layer's parameters, gradients, optimiser state and average
(Zhao et al. 2023, arXiv:2304.11277). A layer is gathered for its forward pass and again for its
backward pass, and sharded again after each, so that no process ever holds all of a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from genzoo.distributed.process_group import ProcessGroup
from genzoo.errors import CapabilityError
from genzoo.interfaces.networks import Discriminator, Generator, InvertibleGenerator
from genzoo.interfaces.objective import Phase
from genzoo.training.fsdp_tensors import is_sharded, shard_like

LEAST = 1024
"""Values that a parameter needs to be worth sharding; every process has all of smaller ones."""


class Sharding:
    """Shards networks, and knows what autograd sees of them.

    Args:
        processes: The processes.
        device: Where this process computes.
    """

    def __init__(self, processes: ProcessGroup, device: torch.device) -> None:
        self._mesh = init_device_mesh(device.type, (processes.size,))
        self._device = device
        self._whole: dict[Tensor, Tensor] = {}

    def shard(self, part: nn.Module) -> None:
        """Shard a network on the CPU; what is used of it is on the device then.

        Parameters are replaced by DTensors. Those of a layer are whole again while its forward or
        backward pass runs; those of a generator or discriminator, from the first to the second.

        Raises:
            CapabilityError: It computes otherwise than by its forward pass.
        """
        if isinstance(part, InvertibleGenerator):
            raise CapabilityError(
                f"A network that is run backwards, {type(part).__name__}, cannot be sharded.",
                "Leave --shard out.",
            )
        # FSDP2 takes parameters in their plain memory format only, and no scalars.
        part.to(memory_format=torch.contiguous_format)
        small = {p for p in part.parameters() if p.numel() < LEAST or not p.dim()}
        # FSDP2 finds the end of a pass by the tensors that it gives, not by distributions.
        whole = isinstance(part, (Generator, Discriminator))
        if whole:
            part.register_forward_hook(_own_memory)
        for unit in [part] if whole else list(_layers(part)):
            if not small.issuperset(unit.parameters()):
                fully_shard(unit, mesh=self._mesh, ignored_params=small)
                self._watch(unit)
        if not whole:
            fully_shard(part, mesh=self._mesh, ignored_params=set(_plain(part.parameters())))
        self._move_rest(part)

    def shard_average(self, average: nn.Module, like: nn.Module) -> None:
        """Shard a copy of a network as the network itself is; it is kept, and never run."""
        sources = dict(like.named_parameters())
        for name, own in list(average.named_parameters()):
            if is_sharded(sources[name]):
                owner, _, attribute = name.rpartition(".")
                value = shard_like(own.detach().to(self._device), sources[name])
                shard = nn.Parameter(value, requires_grad=False)
                setattr(average.get_submodule(owner), attribute, shard)
        self._move_rest(average)

    def leaves(self, parameters: Sequence[Tensor]) -> list[Tensor]:
        """What stands for `parameters` in a loss that was just computed.

        Gradients reach shards through the full parameters that were gathered from them.
        """
        found = (self._whole.get(parameter, parameter) for parameter in parameters)
        return [leaf for leaf in found if not is_sharded(leaf)]

    def _watch(self, module: nn.Module) -> None:
        """Remember which full parameters `module` runs with."""
        shards = list(module.parameters())

        def remember(running: nn.Module, _: object) -> None:
            self._whole.update(zip(shards, running.parameters(), strict=True))

        module.register_forward_pre_hook(remember)

    def _move_rest(self, part: nn.Module) -> None:
        for tensor in (*_plain(part.parameters()), *part.buffers()):
            tensor.data = tensor.data.to(self._device)


def check_can_shard(phases: Sequence[Phase]) -> None:
    """Refuse objectives that cannot work with shards.

    Raises:
        CapabilityError: A phase differentiates a gradient: layers would have to be gathered for a
            third pass.
    """
    for phase in phases:
        if phase.second_order:
            raise CapabilityError(
                f"Parameters cannot be sharded here: the phase '{phase.name}' differentiates "
                "gradients.",
                "Leave --shard out, or choose another objective.",
            )


def _layers(part: nn.Module) -> Iterator[nn.Module]:
    """The outermost modules below `part` that hold parameters themselves."""
    for child in part.children():
        if any(True for _ in child.parameters(recurse=False)):
            yield child
        else:
            yield from _layers(child)


def _own_memory(_: nn.Module, __: object, output: Tensor) -> Tensor:
    """The output, never as a view: what is done in place to one would lose FSDP2's hooks."""
    return output if output._base is None else output.clone()


def _plain(parameters: Iterable[Tensor]) -> list[nn.Parameter]:
    return [cast(nn.Parameter, p) for p in parameters if not is_sharded(p)]
