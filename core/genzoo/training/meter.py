"""Running means of losses, kept on the device so that measuring never waits for it."""

from __future__ import annotations

import torch
from torch import Tensor

from genzoo.world import World

FOLD = 256
"""Values of a name that are held one by one; noting one costs less than adding it up."""


class Meter:
    """Holds values by name until their means are read."""

    def __init__(self) -> None:
        self._values: dict[str, list[Tensor]] = {}
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, name: str, value: Tensor) -> None:
        """Count a scalar in. Nobody may write to it afterwards."""
        values = self._values.setdefault(name, [])
        values.append(value.detach())
        if len(values) == FOLD:
            self._fold(name)

    def average(self, world: World) -> None:
        """Put the means over all processes in the place of the sums."""
        if world.size == 1 or not self._values:
            return
        sums = self._folded()
        world.mean_([sums])
        self._sums = dict(zip(self._values, sums.unbind(), strict=True))

    def read(self) -> dict[str, float]:
        """Means by name since the last call. Waits for the device once."""
        if not self._values:
            return {}
        sums = self._folded().tolist()
        means = {
            name: total / self._counts[name] for name, total in zip(self._values, sums, strict=True)
        }
        self._values.clear()
        self._sums.clear()
        self._counts.clear()
        return means

    def _folded(self) -> Tensor:
        """All sums, in the order of the names."""
        for name in self._values:
            self._fold(name)
        return torch.stack([self._sums[name] for name in self._values])

    def _fold(self, name: str) -> None:
        values = self._values[name]
        if not values:
            return
        total = torch.stack(values).float().sum()
        self._sums[name] = self._sums[name] + total if name in self._sums else total
        self._counts[name] = self._counts.get(name, 0) + len(values)
        values.clear()
