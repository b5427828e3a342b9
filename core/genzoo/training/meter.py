"""Running means of losses, kept on the device so that measuring never waits for it."""

from __future__ import annotations

from collections.abc import Mapping

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

    def means(self) -> dict[str, float]:
        """Means by name since they were last read. Waits for the device once."""
        if not self._sums:
            return {}
        sums = torch.stack([total.float() for total in self._sums.values()]).tolist()
        return {
            name: total / self._counts[name] for name, total in zip(self._sums, sums, strict=True)
        }

    def read(self) -> dict[str, float]:
        """`means`, after which they begin anew."""
        means = self.means()
        self._sums.clear()
        self._counts.clear()
        return means

    def state_dict(self) -> dict[str, Tensor]:
        """What was summed since the last reading: a resumed run logs the means of all of it."""
        counts = {f"count/{name}": torch.tensor(count) for name, count in self._counts.items()}
        return counts | {f"sum/{name}": total for name, total in self._sums.items()}

    def load_state_dict(self, state: Mapping[str, Tensor], device: torch.device) -> None:
        """Restore what `state_dict` returned, with the sums on `device`."""
        names = [key.removeprefix("count/") for key in state if key.startswith("count/")]
        self._counts = {name: int(state[f"count/{name}"]) for name in names}
        self._sums = {name: state[f"sum/{name}"].to(device) for name in names}
