"""Whether training is still among the finite numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from genzoo.artifact.tensors import is_finite

Groups = Mapping[str, Mapping[str, Tensor]]
"""Tensors by group, then by name, as a checkpoint has them."""


def first_non_finite(means: Mapping[str, float], groups: Groups) -> str:
    """The first mean or tensor that holds NaN or infinity, in words; empty if there is none.

    Optimiser states and running statistics count: an optimiser's second moment becomes infinite
    while every weight is still finite, and from then on it stands still.
    """
    for name, value in means.items():
        if not math.isfinite(value):
            return name
    for group, tensors in groups.items():
        for name, tensor in tensors.items():
            if not is_finite(tensor):
                return f"{name} in {group}"
    return ""
