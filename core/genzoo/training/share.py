"""What processes tell each other before they train together."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from genzoo.distributed.process_group import ProcessGroup
from genzoo.errors import DataError
from genzoo.training.checkpoint import Checkpoint


def share_checkpoint(processes: ProcessGroup, checkpoint: Checkpoint | None) -> Checkpoint | None:
    """Rank 0's checkpoint, or that it has none, in all processes. They need not see its folder."""
    if processes.size == 1:
        return checkpoint
    layout = processes.share(None if checkpoint is None else _layout(checkpoint))
    if layout is None:
        return None
    tensors = checkpoint.tensors if checkpoint else _empty(layout["tensors"])
    processes.broadcast_(tensor for group in tensors.values() for tensor in group.values())
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


def check_same_data(processes: ProcessGroup, fingerprint: str) -> None:
    """Refuse data that differ between the processes.

    Raises:
        DataError: They do, such as a folder of the same name on another machine.
    """
    if len(set(processes.gather(fingerprint))) > 1:
        raise DataError(
            "The processes see different data under the same name.",
            "Put the same files on every machine, or use a folder that all of them share.",
        )
