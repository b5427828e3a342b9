"""Tensors that may be shared out over the processes, and how they become whole again.

A tensor that is shared out is torch's DTensor. Its module takes long to import, so nothing here
does before something was shared out.
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


def is_shared_out(tensor: Tensor) -> TypeGuard[DTensor]:
    """Whether each process has a share of the tensor only."""
    module = sys.modules.get("torch.distributed.tensor")
    return module is not None and isinstance(tensor, module.DTensor)


def own_share(tensor: Tensor) -> Tensor:
    """This process's share, in the same memory; a plain tensor as it is."""
    return tensor.to_local() if is_shared_out(tensor) else tensor


def whole_weights(tensor: Tensor) -> Tensor:
    """The whole of a tensor. Every process must call it."""
    return tensor.full_tensor().detach() if is_shared_out(tensor) else tensor


def laid_out_like(value: Tensor, tensor: Tensor) -> Tensor:
    """This process's share of the whole `value`, where `tensor` is shared out; else `value`."""
    if not is_shared_out(tensor):
        return value
    from torch.distributed.tensor import distribute_tensor

    mesh = tensor.device_mesh
    # Every process has the whole value, so nothing needs to be sent.
    return distribute_tensor(
        value.to(mesh.device_type), mesh, tensor.placements, src_data_rank=None
    )


def load_whole(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Load a state of whole tensors into a network that may be shared out.

    Raises:
        RuntimeError: Names or shapes differ.
    """
    own = module.state_dict()
    state = {
        name: laid_out_like(value, own[name]) if name in own else value
        for name, value in tensors.items()
    }
    module.load_state_dict(state)


def whole_copy(module: nn.Module, processes: ProcessGroup) -> nn.Module | None:
    """A copy of a network with whole parameters, in rank 0. Every process must call it."""
    wholes: dict[int, object] = {}
    for parameter in module.parameters():
        whole = whole_weights(parameter)
        if processes.is_main:
            wholes[id(parameter)] = nn.Parameter(whole, requires_grad=False)
    return copy.deepcopy(module, wholes) if processes.is_main else None


@contextmanager
def sharding_errors() -> Iterator[None]:
    """Put into words what torch says where a share is used as if it were whole.

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


class WholeTensors(Mapping[str, Mapping[str, Tensor]]):
    """Groups of tensors by name, each put together when it is asked for, in rank 0.

    All processes must ask for the same groups in the same order: `assist` does so for the others,
    which get nothing. Rank 0 has one group at a time, on the CPU.

    Args:
        groups: Tensors that may be shared out.
        processes: The processes.
    """

    def __init__(self, groups: Mapping[str, Mapping[str, Tensor]], processes: ProcessGroup) -> None:
        self._groups = groups
        self._world = processes

    def __getitem__(self, group: str) -> Mapping[str, Tensor]:
        tensors: dict[str, Tensor] = {}
        for name, tensor in self._groups[group].items():
            shared_out = is_shared_out(tensor)
            whole = whole_weights(tensor)
            if self._world.is_main:
                tensors[name] = whole.cpu() if shared_out else whole
        return tensors

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    def assist(self) -> None:
        """Take part while rank 0 goes through all groups once."""
        for group in self:
            self[group]
