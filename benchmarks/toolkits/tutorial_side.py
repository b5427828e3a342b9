"""The tutorial's script: networks, losses, optimisers and loading as it has them."""

from __future__ import annotations

from pathlib import Path

from tutorial_script import Script

from toolkits.turns import Turns, facts_of, read_task

if __name__ == "__main__":
    task = read_task()
    script = Script(Path(task.pictures), 64)
    turns = Turns(task.steps, facts_of([script.generator, script.discriminator], ""))
    for _ in turns:
        script.step()
