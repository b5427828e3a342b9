"""genzoo: `genzoo train`, on its defaults, which stops itself when its time is up.

The arguments after the lap are those of the command after `train`, such as an architecture.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from torch import Tensor

import genzoo
from genzoo import RunDescription, hookimpl
from genzoo.cli.main import main
from genzoo.plugins.manager import default_manager
from racers.lap import finish, parameters_of, read_lap, spent


class Watch:
    """A plugin that presses Ctrl-C when the process has used so many processor seconds.

    Attributes:
        images: Samples trained on, each as often as it was.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._pressed = False
        self.images = 0

    @hookimpl
    def genzoo_step_ended(self, run: RunDescription, step: int) -> None:
        """A step is complete."""
        training = run.settings["training"]
        self.images = step * training["batch_size"] * training["accumulate"]
        if spent() > self._seconds and not self._pressed:
            self._pressed = True
            os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    lap = read_lap()
    run = Path(lap.folder) / "run"
    watch = Watch(lap.seconds)
    default_manager().add(watch)
    options = ["-o", str(run), "--size", str(lap.size), "--seed", str(lap.seed)]
    with suppress(SystemExit):
        main(["train", *sys.argv[2:], lap.pictures, *options, "--steps", "1000000"])
    model = genzoo.load(run)
    drawn = 0

    def draw(count: int) -> Tensor:
        global drawn
        drawn += count
        return model.sample(count, seed=lap.seed, start=drawn - count)

    finish(
        lap,
        draw,
        images=watch.images,
        parameters=parameters_of(model.parts.values()),
        version=genzoo.__version__,
    )
