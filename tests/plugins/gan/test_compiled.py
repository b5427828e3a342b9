"""Training with compiled networks."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from genzoo.plugins.manager import default_manager
from genzoo.training.config import DataConfig, RunPlan, TrainingConfig
from genzoo.training.folder import RunFolder
from genzoo.training.reporter import Reporter
from genzoo.training.session import Session, open_session
from genzoo.training.start import load_data
from genzoo.training.trainer import Trainer


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
    session = open_session(plan, load_data(plan, registry, Reporter()), registry)
    run = RunFolder(folder)
    run.create()
    Trainer(session, run, Reporter()).advance(2)
    return session


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's own, while it compiles
def test_compiled_networks_learn_what_others_learn(tmp_path) -> None:
    plain, compiled = (trained(tmp_path / str(flag), flag) for flag in (False, True))
    assert any(phase.second_order for phase in plain.engine.phases)
    for name, part in plain.parts.items():
        other = compiled.parts[name]
        assert other._compiled_call_impl is not None
        for key, value in part.state_dict().items():
            torch.testing.assert_close(other.state_dict()[key], value, rtol=1e-3, atol=1e-5)
    assert copy.deepcopy(compiled.model).sample(2).isfinite().all()
