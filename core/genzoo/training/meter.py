"""Running means of losses, kept on the device so that measuring never waits for it."""

from __future__ import annotations

import torch
from torch import Tensor

from genzoo.world import World


class Meter:
    """Sums values by name until they are read."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, name: str, value: Tensor) -> None:
        """Count a scalar in."""
        value = value.detach()
        if name in self._sums:
            self._sums[name] = self._sums[name] + value
            self._counts[name] += 1
        else:
            self._sums[name] = value
            self._counts[name] = 1

    def average(self, world: World) -> None:
        """Put the means over all processes in the place of the sums."""
        if world.size == 1 or not self._sums:
            return
        sums = torch.stack([total.float() for total in self._sums.values()])
        world.mean_([sums])
        self._sums = dict(zip(self._sums, sums.unbind(), strict=True))

    def read(self) -> dict[str, float]:
        """Means by name since the last call. Waits for the device once."""
        if not self._sums:
            return {}
        sums = torch.stack([total.float() for total in self._sums.values()]).tolist()
        means = {
            name: total / self._counts[name] for name, total in zip(self._sums, sums, strict=True)
        }
        self._sums.clear()
        self._counts.clear()
        return means
