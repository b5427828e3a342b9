"""Where metrics and pictures go beside a run's own log."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genzoo.interfaces.run_description import RunDescription


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

    @abstractmethod
    def close(self) -> None:
        """Write everything out."""
