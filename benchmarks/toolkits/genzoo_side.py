"""genzoo's side of every comparison: its trainer on a folder, on its defaults."""

from __future__ import annotations

from pathlib import Path

import genzoo
from genzoo.plugins.manager import default_manager
from genzoo.training.components import open_session
from genzoo.training.hardware import tune_allocators
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data
from genzoo.training.run_folder import RunFolder
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.training_loop import Trainer
from toolkits import residual
from toolkits.comparisons import find
from toolkits.turns import Task, Turns, facts_of, read_task


def plan(task: Task) -> RunPlan:
    """The rival's networks and losses."""
    rival = find(task.rival)
    return RunPlan(
        architecture=rival.architecture,
        architecture_config=dict(rival.architecture_config),
        objective=rival.objective,
        objective_config=dict(rival.objective_config),
        data=DataConfig(data=task.pictures, options={"size": task.size}),
        training=TrainingConfig(steps=1_000_000, batch_size=task.batch, precision=task.precision),
    )


def trainer(task: Task) -> Trainer:
    """As `genzoo train` makes one."""
    tune_allocators()
    manager = default_manager()
    manager.add(residual)
    intended = plan(task)
    planned = PlannedRun.of(intended, manager.registry)
    dataset = load_data(planned, Reporter())
    run = RunFolder(Path(task.scratch) / "run")
    run.create()
    return Trainer(open_session(planned, dataset), run, Reporter())


if __name__ == "__main__":
    task = read_task()
    subject = trainer(task)
    networks = subject.session.parts.values()
    turns = Turns(task.steps, facts_of(networks, genzoo.__version__))
    for _ in turns:
        subject.advance(1)
