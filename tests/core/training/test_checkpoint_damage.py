"""A checkpoint that is damaged in any way is named, and the one before it is used."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genzoo.artifact.tensors import load_tensors, save_tensors
from genzoo.errors import CheckpointError, UsageError
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import (
    Checkpoint,
    list_checkpoints,
    read_newest,
    write_checkpoint,
)
from genzoo.training.loss_meter import Meter
from genzoo.training.reporter import Reporter

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-9, 9).map(lambda power: 10**400 * power)
    | st.floats()
    | st.text(st.characters(codec=None), max_size=5)
    | st.sampled_from(["NaN", "../../outside", "a\0b", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder with checkpoints of steps 1 and 2."""
    folder = tmp_path / "checkpoints"
    for step in (1, 2):
        tensors = {"ema": {"weight": torch.full((3,), float(step))}}
        write_checkpoint(folder, Checkpoint(step, 8 * step, tensors), keep=5)
    return folder


def falls_back(folder: Path) -> str:
    """What is said of the newest checkpoint when the one before it is used."""
    found, (problem,) = read_newest(folder)
    assert found.step == 1
    assert "step-000000002" in problem
    assert problem.endswith(".")
    return problem


def test_the_newest_before_a_step_has_fewer_steps(two: Path) -> None:
    assert read_newest(two, before=3)[0].step == 2
    found, problems = read_newest(two, before=2)
    assert (found.step, problems) == (1, [])
    with pytest.raises(CheckpointError, match="no usable checkpoint"):
        read_newest(two, before=1)


@pytest.mark.parametrize("count", [1, 9])
def test_tensors_of_another_size_than_was_written_are_not_used(two: Path, count: int) -> None:
    save_tensors(two / "step-000000002" / "ema.safetensors", {"weight": torch.zeros(count)})
    assert "bytes that was written" in falls_back(two)


@pytest.mark.parametrize(
    "state",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"step": ' + "[" * 100_000,
        '{"step": 2, "drawn": 16, "sizes": []}',
        '{"step": 1e999, "drawn": 16, "sizes": {}}',
        '{"step": NaN, "drawn": 16, "sizes": {}}',
        '{"step": "NaN", "drawn": 16, "sizes": {}}',
        '{"step": -1, "drawn": 16, "sizes": {}}',
        '{"step": 7, "drawn": 16, "sizes": {}}',
        '{"step": 2, "drawn": -16, "sizes": {}}',
        '{"step": 2, "drawn": 16, "sizes": {"\\ud800": 3}}',
        '{"step": 2, "drawn": 16, "sizes": {"../step-000000001/ema": 88}}',
        '{"step": 2, "drawn": 16, "sizes": {"/etc/passwd": 1}}',
        '{"step": 2, "drawn": 16, "sizes": {"ema": 1' + "0" * 5000 + "}}",
        '{"step": 2, "drawn": 16, "sizes": {}, "more": "' + "x" * (17 << 20) + '"}',
    ],
)
def test_a_damaged_state_falls_back_to_the_checkpoint_before(two: Path, state: str) -> None:
    (two / "step-000000002" / "state.json").write_text(state)
    assert len(falls_back(two)) < 500


@given(st.dictionaries(st.sampled_from(["step", "drawn", "sizes"]), VALUES))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_state_is_more_than_a_sentence(two: Path, state: dict[str, Any]) -> None:
    (two / "step-000000002" / "state.json").write_text(json.dumps(state))
    found, problems = read_newest(two)
    assert (found.step, len(problems)) in {(1, 1), (2, 0)}


def a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def garbage(path: Path) -> None:
    path.write_bytes(bytes(reversed(path.read_bytes())))


@pytest.mark.parametrize("name", ["state.json", "ema.safetensors"])
@pytest.mark.parametrize("harm", [a_link, a_folder, a_pipe, garbage, Path.unlink])
def test_a_file_that_is_not_plain_falls_back(
    two: Path, name: str, harm: Callable[[Path], None]
) -> None:
    harm(two / "step-000000002" / name)
    falls_back(two)


def test_a_checkpoint_that_is_a_link_does_not_count(two: Path, tmp_path: Path) -> None:
    (two / "step-000000002").rename(tmp_path / "outside")
    (two / "step-000000002").symlink_to(tmp_path / "outside")
    assert [path.name for path in list_checkpoints(two)] == ["step-000000001"]


def rewrite(file: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    """Change the tensors of a file of a checkpoint, and what its state says of the size."""
    tensors = {name: tensor.clone() for name, tensor in load_tensors(file)[0].items()}
    change(tensors)
    save_tensors(file, tensors)
    state = json.loads((file.parent / "state.json").read_text())
    state["sizes"][file.stem] = file.stat().st_size
    (file.parent / "state.json").write_text(json.dumps(state))


def drop_one(tensors: dict[str, torch.Tensor]) -> None:
    tensors.pop(sorted(tensors)[0])


def lengthen(tensors: dict[str, torch.Tensor]) -> None:
    name = sorted(tensors)[0]
    tensors[name] = torch.cat([tensors[name].flatten()] * 2)


def whole_numbers(tensors: dict[str, torch.Tensor]) -> None:
    for name, tensor in tensors.items():
        tensors[name] = tensor.long()


def a_stranger(tensors: dict[str, torch.Tensor]) -> None:
    tensors["stranger/exp_avg"] = torch.zeros(3)


class Notes(Reporter):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, message: str) -> None:
        self.said.append(message)


@pytest.mark.parametrize(
    ("group", "change"),
    [
        ("part.generator", drop_one),
        ("part.generator", lengthen),
        ("ema", drop_one),
        ("ema", a_stranger),
        ("optimizer.generator", drop_one),
        ("optimizer.generator", lengthen),
        ("optimizer.generator", whole_numbers),
        ("optimizer.discriminator", a_stranger),
    ],
)
def test_tensors_that_do_not_fit_cost_the_steps_since_the_checkpoint_before(
    tmp_path: Path, registry: Any, make_plan: Any, group: str, change: Callable[..., None]
) -> None:
    whole, run = tmp_path / "whole", tmp_path / "run"
    plan = make_plan(steps=4, checkpoint_every=2)
    for out in (whole, run):
        train_run(plan, out, registry)
    rewrite(list_checkpoints(run / "checkpoints")[-1] / f"{group}.safetensors", change)
    notes = Notes()
    assert resume_run(run, registry, notes).steps == 4
    assert any("step 4 is of other networks" in text or "optimiser" in text for text in notes.said)
    assert "Going on from step 2." in notes.said
    for name in ("model.safetensors", "config.json"):
        written = [(out / "artifact" / name).read_bytes() for out in (whole, run)]
        assert written[0] == written[1]


def test_where_no_checkpoint_fits_the_error_says_why(
    tmp_path: Path, registry: Any, make_plan: Any
) -> None:
    run = tmp_path / "run"
    train_run(make_plan(steps=2, checkpoint_every=2), run, registry)
    rewrite(list_checkpoints(run / "checkpoints")[-1] / "ema.safetensors", drop_one)
    with pytest.raises(CheckpointError, match="of other networks"):
        resume_run(run, registry)


@pytest.mark.parametrize("name", ["run.json", "metrics.jsonl", "doctor.json"])
@pytest.mark.parametrize("harm", [a_folder, garbage])
def test_misshapen_files_of_a_run_are_named_or_passed_over(
    tmp_path: Path, registry: Any, make_plan: Any, name: str, harm: Callable[[Path], None]
) -> None:
    run = tmp_path / "run"
    train_run(make_plan(steps=4, checkpoint_every=2), run, registry)
    harm(run / name)
    if name == "run.json" or (run / "metrics.jsonl").is_dir() or (run / "doctor.json").is_dir():
        with pytest.raises((CheckpointError, UsageError), match=name):
            resume_run(run, registry, changes={"steps": 6})
    else:
        assert resume_run(run, registry, changes={"steps": 6}).steps == 6


@pytest.mark.parametrize(
    "line",
    [
        b'{"step": ' + b"[" * 100_000 + b"\n",
        b'{"step": 1' + b"0" * 400 + b"}\n",
        b'{"step": NaN}\n',
        b'{"step": "\xff"}\n',
        b"x" * (3 << 20) + b"\n",
    ],
)
def test_strange_lines_of_a_log_are_dropped(
    tmp_path: Path, registry: Any, make_plan: Any, line: bytes
) -> None:
    run = tmp_path / "run"
    train_run(make_plan(steps=4, checkpoint_every=2), run, registry)
    log = run / "metrics.jsonl"
    before = log.read_bytes()
    log.write_bytes(line + before + line)
    resume_run(run, registry)
    assert log.read_bytes() == before


@pytest.mark.parametrize("name", ["samples", "checkpoints", "artifact", "metrics.jsonl"])
def test_a_run_is_not_written_through_a_link(
    tmp_path: Path, registry: Any, make_plan: Any, name: str
) -> None:
    run, outside = tmp_path / "run", tmp_path / "outside"
    train_run(make_plan(steps=4, checkpoint_every=2), run, registry)
    shutil.move(run / name, outside)
    before = sorted(outside.rglob("*"))
    (run / name).symlink_to(outside)
    with pytest.raises(UsageError, match=f"{name}' is a link"):
        resume_run(run, registry, changes={"steps": 8})
    assert sorted(outside.rglob("*")) == before


def test_a_half_summed_mean_keeps_its_place_in_the_log(tmp_path: Path) -> None:
    meter, resumed = Meter(), Meter()
    for name in ("b/real", "b/fake", "a/fake"):
        meter.add(name, torch.tensor(1.0))
    save_tensors(tmp_path / "meter.safetensors", meter.state_dict())
    resumed.load_state_dict(load_tensors(tmp_path / "meter.safetensors")[0])
    assert list(resumed.means()) == list(meter.means()) == ["b/real", "b/fake", "a/fake"]
