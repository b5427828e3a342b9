"""Running means of losses, kept on the device so that measuring never waits for it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from genzoo.distributed.process_group import ProcessGroup

FOLD = 256
"""Values of a name that are held one by one; noting one costs less than adding it up."""


class Meter:
    """Holds values by name until their means are read.

    Args:
        device: Where the values are.

    Attributes:
        losses: Names of values that are minimised, of all that there ever were.
    """

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self.losses: set[str] = set()
        self._device = device
        self._values: dict[str, list[Tensor]] = {}
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, name: str, value: Tensor) -> None:
        """Count a scalar in. Nobody may write to it afterwards."""
        values = self._values.setdefault(name, [])
        values.append(value.detach())
        if len(values) == FOLD:
            self._fold(name)

    def average(self, processes: ProcessGroup) -> None:
        """Put the means over all processes in the place of the sums."""
        if processes.size == 1 or not self._values:
            return
        sums = self._folded()
        processes.mean_([sums])
        self._sums = dict(zip(self._values, sums.unbind(), strict=True))

    def means(self) -> dict[str, float]:
        """Means by name since they were last read. Waits for the device once."""
        if not self._values:
            return {}
        sums = self._folded().tolist()
        return {
            name: total / self._counts[name] for name, total in zip(self._values, sums, strict=True)
        }

    def read(self) -> dict[str, float]:
        """`means`, after which they begin anew."""
        means = self.means()
        self._values.clear()
        self._sums.clear()
        self._counts.clear()
        return means

    def state_dict(self) -> dict[str, Tensor]:
        """What was summed since the last reading: a resumed run logs the means of all of it."""
        state = {f"loss/{name}": torch.tensor(True) for name in sorted(self.losses)}
        if self._values:
            sums = zip(self._values, self._folded().unbind(), strict=True)
            state |= {f"count/{name}": torch.tensor(count) for name, count in self._counts.items()}
            state |= {f"sum/{name}": total for name, total in sums}
            # Files sort tensors by name, and lines of the log keep the order of the phases.
            places = enumerate(self._values)
            state |= {f"place/{name}": torch.tensor(place) for place, name in places}
        return state

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state_dict` returned."""
        self.losses = {key.removeprefix("loss/") for key in state if key.startswith("loss/")}
        names = [key.removeprefix("count/") for key in state if key.startswith("count/")]
        names.sort(key=lambda name: int(state[f"place/{name}"]))
        self._values = {name: [] for name in names}
        self._counts = {name: int(state[f"count/{name}"]) for name in names}
        self._sums = {name: state[f"sum/{name}"].to(self._device) for name in names}

    def _folded(self) -> Tensor:
        """All sums, in the order of the names."""
        for name in self._values:
            self._fold(name)
        return torch.stack([self._sums[name] for name in self._values])

    def _fold(self, name: str) -> None:
        values = self._values[name]
        if not values:
            return
        held = torch.stack(values)
        # In double precision it makes no difference where a run was interrupted.
        total = held.to(torch.float32 if held.device.type == "mps" else torch.float64).sum()
        self._sums[name] = self._sums[name] + total if name in self._sums else total
        self._counts[name] = self._counts.get(name, 0) + len(values)
        values.clear()
