"""Whether training is still among the finite numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from genzoo.artifact.tensors import is_finite
from genzoo.distributed.process_group import ProcessGroup
from genzoo.errors import DivergenceError
from genzoo.training.checkpoint import list_checkpoints
from genzoo.training.fsdp_tensors import local_shard

Groups = Mapping[str, Mapping[str, Tensor]]
"""Tensors by group, then by name, as a checkpoint has them."""


def first_non_finite(means: Mapping[str, float], groups: Groups) -> str:
    """The first mean or tensor that holds NaN or infinity, in words; empty if there is none.

    Of sharded tensors, this process's shard is looked at.

    Optimiser states and running statistics count: an optimiser's second moment becomes infinite
    while every weight is still finite, and from then on it stands still.
    """
    for name, value in means.items():
        if not math.isfinite(value):
            return name
    for group, tensors in groups.items():
        if not _all_finite([local_shard(tensor) for tensor in tensors.values()]):
            names = (name for name, t in tensors.items() if not is_finite(local_shard(t)))
            return f"{next(names)} in {group}"
    return ""


def check_finite(
    means: Mapping[str, float],
    groups: Groups,
    step: int,
    checkpoints: Path,
    processes: ProcessGroup,
) -> None:
    """Stop a run that is no longer finite in some process. Every process must call it.

    Args:
        means: Measured values by name.
        groups: States of components.
        step: Training steps complete.
        checkpoints: Where the run keeps them.
        processes: The processes of the run.

    Raises:
        DivergenceError: Says what is not finite, and which checkpoint is kept.
    """
    broken = first_non_finite(means, groups)
    if not processes.any(bool(broken)):
        return
    kept = list_checkpoints(checkpoints)
    state = f"The checkpoint {kept[-1].name} is kept" if kept else "No checkpoint was written yet"
    raise DivergenceError(
        f"Training diverged near step {step}: {broken or 'a weight'} is no longer a "
        f"finite number. {state}."
    )


def divergence_hint(precision: str) -> str:
    """What to do about a run in that precision."""
    lower = "Start again with a lower --learning-rate"
    return f"{lower}." if precision == "fp32" else f"{lower} or with --precision fp32."


def _all_finite(tensors: Sequence[Tensor]) -> bool:
    """All at once, which for many small tensors costs a fraction of looking at each."""
    floating = [t.detach() for t in tensors if t.is_floating_point() and t.numel()]
    if not floating:
        return True
    largest = torch.stack([norm.cpu() for norm in torch._foreach_norm(floating, math.inf)])
    return bool(torch.isfinite(largest).all())
