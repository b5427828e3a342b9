"""What a run holds is saved and restored by the names of its components."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from genzoo.errors import CheckpointError
from genzoo.training.checkpoint import Checkpoint, list_checkpoints, read_newest
from genzoo.training.components import Position, Session, open_session, restore_session, states
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data
from genzoo.training.run_folder import RunFolder
from genzoo.training.training_loop import Trainer

NAMES = [
    "part.generator",
    "part.discriminator",
    "ema",
    "optimizer.discriminator",
    "optimizer.generator",
    "objective",
    "meter",
]
"""Those of a run of the toy GAN: checkpoints on disks have files of these names."""


@pytest.fixture
def fresh(registry: Any, make_plan: Any) -> Any:
    """Opens sessions of one plan."""
    planned = PlannedRun.of(make_plan(log_every=100), registry)
    dataset = load_data(planned, Reporter())
    return lambda: open_session(planned, dataset)


@pytest.fixture
def trained(fresh: Any, tmp_path: Path) -> Session:
    """A session that has taken three steps, with values in its meter."""
    session: Session = fresh()
    folder = RunFolder(tmp_path / "run")
    folder.create()
    Trainer(session, folder, Reporter()).advance(3)
    return session


def checkpoint_of(session: Session) -> Checkpoint:
    copied = {
        name: {key: tensor.clone() for key, tensor in state.items()}
        for name, state in states(session.components).items()
    }
    return Checkpoint(session.position.step, session.position.drawn, copied)


def test_the_names_of_components_are_those_of_checkpoints(trained: Session) -> None:
    # Frozen networks have a file where an objective has some.
    assert sorted(trained.components) == sorted([*NAMES, "frozen"])
    assert sorted(states(trained.components)) == sorted(NAMES)


def test_a_checkpoint_on_the_disk_has_a_file_for_each_component_with_state(
    trained: Session, tmp_path: Path
) -> None:
    folder = RunFolder(tmp_path / "whole")
    folder.create()
    trainer = Trainer(trained, folder, Reporter())
    trainer.run()
    (newest,) = list_checkpoints(folder.checkpoints)[-1:]
    with_state = states(trained.components)
    assert {path.stem for path in newest.glob("*.safetensors")} == with_state.keys()
    assert read_newest(folder.checkpoints)[0].step == trainer.step == 12


def test_restoring_gives_every_component_its_state_and_the_position(
    trained: Session, fresh: Any
) -> None:
    expected, other = checkpoint_of(trained), fresh()
    assert other.position == Position(0, 0)
    restore_session(other, expected)
    assert other.position == trained.position == Position(3, 3 * 2 * 16)
    found = states(other.components)
    assert found.keys() == expected.tensors.keys()
    for name, state in expected.tensors.items():
        assert state.keys() == found[name].keys()
        for key, tensor in state.items():
            assert torch.equal(tensor, found[name][key]), f"{name}/{key}"


@pytest.mark.parametrize("name", ["part.generator", "ema", "objective"])
def test_a_state_that_is_not_there_is_refused_and_the_position_stays(
    trained: Session, fresh: Any, name: str
) -> None:
    whole, other = checkpoint_of(trained), fresh()
    tensors = {key: state for key, state in whole.tensors.items() if key != name}
    with pytest.raises(CheckpointError, match="step 3 is of other networks"):
        restore_session(other, Checkpoint(whole.step, whole.drawn, tensors))
    assert other.position == Position(0, 0)


def test_a_part_without_tensors_has_no_file_and_is_restored_all_the_same(
    trained: Session, fresh: Any
) -> None:
    """A network of functions alone, such as one that only resizes."""
    for session in (trained, other := fresh()):
        session.networks.parts["resize"] = torch.nn.Identity()
    restore_session(other, checkpoint_of(trained))
    assert "part.resize" in other.components
    assert "part.resize" not in states(other.components)
