"""`genzoo doctor`: findings as text and as JSON, and the exit code when asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import ailing_objectives
import pytest
import toy_objectives
from click.testing import Result

from genzoo.plugins.manager import PluginManager
from genzoo.training.begin_and_resume import train_run
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig

Run = Callable[..., Result]


@pytest.fixture
def make_run(tmp_path: Path, manager: PluginManager, hasty_doctor: None) -> Callable[..., Path]:
    """Trains a toy VAE for 20 steps on images that slope from left to right."""
    manager.add(toy_objectives, "genzoo-toy-objectives", "1")
    manager.add(ailing_objectives, "genzoo-ailing", "1")

    def make(**config: int) -> Path:
        data = tmp_path / "data.npz"
        ailing_objectives.sloping_images(data)
        training = TrainingConfig(
            steps=20, batch_size=16, log_every=2, snapshot_every=10, device="cpu"
        )
        plan = RunPlan(
            architecture="toy-vae",
            objective="ailing",
            objective_config=config,
            data=DataConfig(data=str(data)),
            training=training,
        )
        train_run(plan, tmp_path / "made", manager.registry)
        return tmp_path / "made"

    return make


def test_a_problem_is_explained_and_counts_when_asked(run: Run, make_run: Callable[..., Path]):
    out = make_run(used_codes=3)
    result = run("doctor", out)
    assert "Problem: dead-codes" in result.stdout
    assert "Only about 3 of 64 codes are in use: the others are dead." in result.stdout
    assert "Type --restart-codes." in result.stdout
    assert "at step 20" in result.stdout
    assert "1 problem and 0 lesser findings after 20 steps." in result.stdout
    run("doctor", out, "--strict", code=1)


def test_a_healthy_run_is_told_so(run: Run, make_run: Callable[..., Path]):
    result = run("doctor", make_run(), "--strict")
    assert result.stdout == "Nothing is wrong after 20 steps.\n"


def test_json_has_all_there_is_to_know(run: Run, make_run: Callable[..., Path], tmp_path: Path):
    out = make_run(used_codes=3)
    (tmp_path / "data.npz").unlink()
    report = json.loads(run("doctor", out, "--json", "--strict", code=1).stdout)
    assert report["run"] == str(out)
    assert (report["step"], report["healthy"]) == (20, False)
    assert report["findings"] == [
        {
            "name": "dead-codes",
            "severity": "problem",
            "message": "Only about 3 of 64 codes are in use: the others are dead.",
            "remedy": "Type --restart-codes.",
            "first_step": 20,
            "last_step": 20,
            "current": True,
        }
    ]
    assert "memorisation" in report["unexamined"]


def test_what_is_over_is_told_and_does_not_count(run: Run, make_run: Callable[..., Path]):
    out = make_run()
    record = json.loads((out / "doctor.json").read_text())
    past = {"severity": "problem", "message": "It was.", "remedy": "Do.", "name": "starved"}
    record["findings"] = [{**past, "first_step": 10, "last_step": 15}]
    (out / "doctor.json").write_text(json.dumps(record))
    result = run("doctor", out, "--strict")
    assert "from step 10 to 15, no longer at 20" in result.stdout
    assert "Nothing is wrong after 20 steps." in result.stdout


def test_what_could_not_be_examined_is_said(
    run: Run, make_run: Callable[..., Path], tmp_path: Path
):
    out = make_run()
    (tmp_path / "data.npz").unlink()
    result = run("doctor", out)
    assert "Not examined: mode-collapse, memorisation, narrow-data" in result.stderr


def test_a_folder_that_is_no_run_is_wrong_usage(run: Run, tmp_path: Path):
    result = run("doctor", tmp_path, code=2)
    assert "is not a run" in result.stderr
    assert "-o" in result.stderr
