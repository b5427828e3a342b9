"""Event files that `tensorboard --logdir` shows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genzoo import RunDescription, Sound, Tracker


class TensorBoardTracker(Tracker):
    """Writes to `tensorboard/` in the run's folder."""

    def __init__(self, run: RunDescription) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        super().__init__(run)
        self._writer = SummaryWriter(str(run.folder / "tensorboard"), purge_step=run.first_step)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def images(self, step: int, name: str, picture: NDArray[np.uint8]) -> None:
        self._writer.add_image(name, picture, step, dataformats="HWC")

    def sound(self, step: int, name: str, sound: Sound) -> None:
        # TensorBoard's writer takes one channel.
        mono = sound.values.mean(1, keepdims=True).T
        self._writer.add_audio(name, mono, step, sample_rate=sound.rate)

    def close(self) -> None:
        self._writer.close()
