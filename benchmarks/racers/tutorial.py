"""The tutorial's DCGAN script, as it is."""

from __future__ import annotations

from pathlib import Path

import torch
from tutorial_script import Script

from racers.lap import finish, parameters_of, read_lap, spent

BATCH = 64

if __name__ == "__main__":
    lap = read_lap()
    script = Script(Path(lap.pictures), lap.size)
    steps = 0
    while spent() < lap.seconds:
        script.step()
        steps += 1
    finish(
        lap,
        lambda count: script.generator(torch.randn(count, 100, 1, 1)),
        images=steps * BATCH,
        parameters=parameters_of([script.generator, script.discriminator]),
        version="",
    )
