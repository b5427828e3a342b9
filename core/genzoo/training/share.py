"""What processes tell each other before they train together."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from genzoo.errors import DataError
from genzoo.training.checkpoint import Checkpoint
from genzoo.world import World


def share_checkpoint(world: World, checkpoint: Checkpoint | None) -> Checkpoint:
    """Rank 0's checkpoint, in all processes. The others need not see its folder."""
    if world.size == 1 and checkpoint is not None:
        return checkpoint
    layout = world.share(None if checkpoint is None else _layout(checkpoint))
    tensors = checkpoint.tensors if checkpoint else _empty(layout["tensors"])
    world.broadcast_(tensor for group in tensors.values() for tensor in group.values())
    return Checkpoint(layout["step"], layout["drawn"], tensors)


def _layout(checkpoint: Checkpoint) -> dict[str, Any]:
    tensors = {
        group: {
            name: [str(tensor.dtype).removeprefix("torch."), list(tensor.shape)]
            for name, tensor in tensors.items()
        }
        for group, tensors in checkpoint.tensors.items()
    }
    return {"step": checkpoint.step, "drawn": checkpoint.drawn, "tensors": tensors}


def _empty(layout: dict[str, dict[str, Any]]) -> dict[str, dict[str, Tensor]]:
    return {
        group: {
            name: torch.empty(shape, dtype=getattr(torch, dtype))
            for name, (dtype, shape) in tensors.items()
        }
        for group, tensors in layout.items()
    }


def check_same_data(world: World, fingerprint: str) -> None:
    """Refuse data that differ between the processes.

    Raises:
        DataError: They do, such as a folder of the same name on another machine.
    """
    if len(set(world.gather(fingerprint))) > 1:
        raise DataError(
            "The processes see different data under the same name.",
            "Put the same files on every machine, or use a folder that all of them share.",
        )
