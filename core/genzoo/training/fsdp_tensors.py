"""Tensors that may be sharded over the processes, and how they are gathered again.

A sharded tensor is torch's DTensor. Its module takes long to import, so nothing here does before
something was sharded.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeGuard

from torch import Tensor, nn

from genzoo.distributed.process_group import ProcessGroup
from genzoo.errors import CapabilityError

if TYPE_CHECKING:
    from torch.distributed.tensor import DTensor


def is_sharded(tensor: Tensor) -> TypeGuard[DTensor]:
    """Whether each process has a shard of the tensor only."""
    module = sys.modules.get("torch.distributed.tensor")
    return module is not None and isinstance(tensor, module.DTensor)


def local_shard(tensor: Tensor) -> Tensor:
    """This process's shard, in the same memory; a plain tensor as it is."""
    return tensor.to_local() if is_sharded(tensor) else tensor


def full_tensor(tensor: Tensor) -> Tensor:
    """The tensor gathered from all processes, each of which must call it."""
    return tensor.full_tensor().detach() if is_sharded(tensor) else tensor


def shard_like(value: Tensor, tensor: Tensor) -> Tensor:
    """This process's shard of the whole `value`, where `tensor` is sharded; else `value`."""
    if not is_sharded(tensor):
        return value
    from torch.distributed.tensor import distribute_tensor

    mesh = tensor.device_mesh
    # Every process has the whole value, so nothing needs to be sent.
    return distribute_tensor(
        value.to(mesh.device_type), mesh, tensor.placements, src_data_rank=None
    )


class NetworkState:
    """A network, whose tensors may be sharded, as a component of a run.

    Args:
        module: The network.
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def state_dict(self) -> dict[str, Tensor]:
        """What this process has of parameters and buffers, in the same memory."""
        return self.module.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Load full tensors.

        Raises:
            RuntimeError: Names or shapes differ.
        """
        own = self.module.state_dict()
        shards = {
            name: shard_like(value, own[name]) if name in own else value
            for name, value in state.items()
        }
        self.module.load_state_dict(shards)


def full_copy(module: nn.Module, processes: ProcessGroup) -> nn.Module | None:
    """A copy of a network with full parameters, in rank 0. Every process must call it."""
    full: dict[int, object] = {}
    for parameter in module.parameters():
        gathered = full_tensor(parameter)
        if processes.is_main:
            full[id(parameter)] = nn.Parameter(gathered, requires_grad=False)
    return copy.deepcopy(module, full) if processes.is_main else None


@contextmanager
def sharding_errors() -> Iterator[None]:
    """Put into words what torch says where a shard is used as if it were the full tensor.

    Raises:
        CapabilityError: The block did that.
    """
    try:
        yield
    except RuntimeError as error:
        if "got mixed torch.Tensor and DTensor" not in str(error):
            raise
        raise CapabilityError(
            "A network uses parameters of a layer without calling the layer, so they cannot be "
            "sharded.",
            "Leave --shard out.",
        ) from error


class FullTensors(Mapping[str, Mapping[str, Tensor]]):
    """Groups of tensors by name, each gathered when it is asked for, in rank 0.

    All processes must ask for the same groups in the same order: `assist` does so for the others,
    which get nothing. Rank 0 has one group at a time, on the CPU.

    Args:
        groups: Tensors that may be sharded.
        processes: The processes.
    """

    def __init__(self, groups: Mapping[str, Mapping[str, Tensor]], processes: ProcessGroup) -> None:
        self._groups = groups
        self._processes = processes

    def __getitem__(self, group: str) -> Mapping[str, Tensor]:
        tensors: dict[str, Tensor] = {}
        for name, tensor in self._groups[group].items():
            gathered = full_tensor(tensor)
            if self._processes.is_main:
                tensors[name] = gathered.cpu() if is_sharded(tensor) else gathered
        return tensors

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    def assist(self) -> None:
        """Take part while rank 0 goes through all groups once."""
        for group in self:
            self[group]
