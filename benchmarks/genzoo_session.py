"""genzoo's side of the comparisons: its trainer on a folder, a few steps a turn."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from interleave import serve
from tutorial_script import STEPS_PER_TURN

from genzoo.plugins.manager import default_manager
from genzoo.training.components import open_session
from genzoo.training.hardware import tune_allocators
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data
from genzoo.training.run_folder import RunFolder
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.training_loop import Trainer


def trainer(folder: Path, out: Path, size: int) -> Trainer:
    """The tutorial's networks and losses, trained as genzoo trains them, on all its defaults."""
    tune_allocators()
    plan = RunPlan(
        architecture="dcgan",
        objective="gan",
        objective_config={"augment": "none"},
        data=DataConfig(data=str(folder), options={"size": size}),
        training=TrainingConfig(steps=1_000_000),
    )
    registry = default_manager().registry
    planned = PlannedRun.of(plan, registry)
    dataset = load_data(planned, Reporter())
    run = RunFolder(out)
    run.create()
    return Trainer(open_session(planned, dataset), run, Reporter())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as out:
        subject = trainer(Path(sys.argv[1]), Path(out) / "run", int(sys.argv[2]))

        def turn() -> None:
            subject.advance(STEPS_PER_TURN)

        serve(turn)
