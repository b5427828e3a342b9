"""Whether training is still among the finite numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from genzoo.artifact.tensors import is_finite
from genzoo.training.fsdp_tensors import own_share

Groups = Mapping[str, Mapping[str, Tensor]]
"""Tensors by group, then by name, as a checkpoint has them."""


def first_non_finite(means: Mapping[str, float], groups: Groups) -> str:
    """The first mean or tensor that holds NaN or infinity, in words; empty if there is none.

    Of tensors that are shared out, this process's share is looked at.

    Optimiser states and running statistics count: an optimiser's second moment becomes infinite
    while every weight is still finite, and from then on it stands still.
    """
    for name, value in means.items():
        if not math.isfinite(value):
            return name
    for group, tensors in groups.items():
        if not _all_finite([own_share(tensor) for tensor in tensors.values()]):
            names = (name for name, t in tensors.items() if not is_finite(own_share(t)))
            return f"{next(names)} in {group}"
    return ""


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
