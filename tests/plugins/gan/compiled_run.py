"""Trains with compiled networks and without, and compares: `compiled_run.py FOLDER`.

In a process of its own: torch's compiler imports setuptools, which refuses to where Python's own
distutils was imported before.
"""

from __future__ import annotations

import copy
import sys
from pathlib import Path

import torch

from genzoo.plugins.manager import default_manager
from genzoo.training.components import Session, open_session
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data
from genzoo.training.run_folder import RunFolder
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.training_loop import Trainer


def trained(folder: Path, compiled: bool) -> Session:
    """After a step with a gradient penalty and one without."""
    plan = RunPlan(
        architecture="convgan",
        architecture_config={"width": 4, "latent_dim": 4},
        objective_config={"augment": "none"},
        data=DataConfig(data="peeps", options={"size": 16}),
        training=TrainingConfig(
            batch_size=4, precision="fp32", device="cpu", compile=compiled, steps=9
        ),
    )
    registry = default_manager().registry
    planned = PlannedRun.of(plan, registry)
    session = open_session(planned, load_data(planned, Reporter()))
    run = RunFolder(folder)
    run.create()
    Trainer(session, run, Reporter()).advance(2)
    return session


def main(folder: Path) -> None:
    plain, compiled = (trained(folder / str(flag), flag) for flag in (False, True))
    assert any(phase.second_order for phase in plain.engine.phases)
    for name, part in plain.parts.items():
        other = compiled.parts[name]
        assert other._compiled_call_impl is not None
        for key, value in part.state_dict().items():
            torch.testing.assert_close(other.state_dict()[key], value, rtol=1e-3, atol=1e-5)
    assert copy.deepcopy(compiled.model).sample(2).isfinite().all()
    print("equal")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
