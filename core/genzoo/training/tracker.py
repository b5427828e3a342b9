"""Where metrics go beside the log."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from torch import Tensor


class Tracker(Protocol):
    """Receives metrics and pictures."""

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Values by name at a step."""

    def images(self, step: int, name: str, grid: Tensor) -> None:
        """A picture (height, width, channels), uint8."""

    def close(self) -> None:
        """Write everything out."""


class TensorBoardTracker:
    """Writes event files that `tensorboard --logdir` shows."""

    def __init__(self, folder: Path, first_step: int) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=first_step)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def images(self, step: int, name: str, grid: Tensor) -> None:
        self._writer.add_image(name, grid, step, dataformats="HWC")

    def close(self) -> None:
        self._writer.close()


def available_trackers(folder: Path, first_step: int) -> list[Tracker]:
    """TensorBoard where its package is installed."""
    if find_spec("tensorboard") is None:
        return []
    return [TensorBoardTracker(folder / "tensorboard", first_step)]
