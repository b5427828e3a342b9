"""Where metrics and pictures go beside a run's own log. Imports no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genzoo.system.atomic_files import atomic_write
from genzoo.system.plain_files import read_plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from genzoo.interfaces.sound import Sound

MOST_BYTES = 200
"""Bytes of a name that is remembered."""


@dataclass(frozen=True)
class RunDescription:
    """A training run as event hooks and trackers see it.

    Attributes:
        folder: Where it writes.
        architecture: Full name.
        objective: Full name.
        data: What the data was called.
        first_step: Steps complete when it began; above 0 where it was resumed.
        total_steps: Steps planned.
        settings: All options by section: `architecture`, `objective`, `training`.
    """

    folder: Path
    architecture: str
    objective: str
    data: str
    first_step: int
    total_steps: int
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """What was trained and all of its options, on one level, as `training.steps`."""
        names = {"architecture": self.architecture, "objective": self.objective, "data": self.data}
        return names | {
            f"{section}.{name}": value
            for section, values in self.settings.items()
            for name, value in values.items()
        }


class Tracker(ABC):
    """Receives metrics and pictures of one run.

    Args:
        run: The run that it follows.
    """

    def __init__(self, run: RunDescription) -> None:
        self.run = run

    @abstractmethod
    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Values by name at a step."""

    @abstractmethod
    def images(self, step: int, name: str, picture: NDArray[np.uint8]) -> None:
        """A picture (height, width, channels), uint8."""

    def sound(self, step: int, name: str, sound: Sound) -> None:
        """A sound, of kinds that have some; by default it goes nowhere."""
        return

    @abstractmethod
    def close(self) -> None:
        """Write everything out."""

    def remembered(self, file: str, make: Callable[[], str]) -> str:
        """The name that a service has for the run, kept in a file of the run's folder.

        A run that is resumed thus goes on where the service has it.

        Args:
            file: Name of the file.
            make: Makes a new name, ASCII, for a run that has none.

        Raises:
            StorageError: The file cannot be written.
        """
        path = self.run.folder / file
        with suppress(OSError, ValueError):
            if known := read_plain(path, MOST_BYTES).decode("ascii").strip():
                return known
        name = make()
        with atomic_write(path) as temporary:
            temporary.write_text(f"{name}\n")
        return name
