"""Running means of losses, kept on the device so that measuring never waits for it."""

from __future__ import annotations

import torch
from torch import Tensor

from genzoo.world import SOLO, World


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

    def read(self, world: World = SOLO) -> dict[str, float]:
        """Means by name since the last call, over all processes. Waits for the device once."""
        if not self._sums:
            return {}
        sums = torch.stack([total.float() for total in self._sums.values()])
        world.mean_([sums])
        means = {
            name: total / self._counts[name]
            for name, total in zip(self._sums, sums.tolist(), strict=True)
        }
        self._sums.clear()
        self._counts.clear()
        return means
