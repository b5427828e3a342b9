"""Weights & Biases (https://wandb.ai)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from secrets import token_hex

import numpy as np
from numpy.typing import NDArray

from genzoo import RunDescription, Sound, Tracker


class WandbTracker(Tracker):
    """Sends a run to the project `genzoo`; wandb's own environment variables say otherwise.

    With `WANDB_MODE=offline` nothing is sent: `wandb/` in the run's folder has it all, and
    `wandb sync` sends it later. A resumed run goes on as the same run.
    """

    def __init__(self, run: RunDescription) -> None:
        import wandb

        super().__init__(run)
        folder = run.folder.resolve()
        self._picture, self._sound = wandb.Image, wandb.Audio
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "genzoo"),
            name=os.environ.get("WANDB_NAME", folder.name),
            id=self.remembered("wandb-id.txt", lambda: token_hex(4)),
            resume="allow",
            dir=str(folder),
            config=run.options,
            # It would otherwise take over what the program prints.
            settings=wandb.Settings(console="off"),
        )

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        self._run.log(dict(values), step=step)

    def images(self, step: int, name: str, picture: NDArray[np.uint8]) -> None:
        self._run.log({name: self._picture(picture)}, step=step)

    def sound(self, step: int, name: str, sound: Sound) -> None:
        played = self._sound(sound.values, sample_rate=sound.rate)
        self._run.log({f"{name}-sound": played}, step=step)

    def close(self) -> None:
        self._run.finish()
