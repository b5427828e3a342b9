"""A resumed run and an uninterrupted one end with the same bits."""

import json
import os
import shutil
import signal

import pytest
import torch
from interruptions import TRAINING, train_with_interruptions
from run_comparison import TIMES, assert_same_runs

from genzoo.data import row_files as rows
from genzoo.errors import CheckpointError, DataError, UsageError
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import list_checkpoints, read_checkpoint, read_newest
from genzoo.training.reporter import Reporter


class StopAt(Reporter):
    """Presses Ctrl-C when a step is complete."""

    def __init__(self, step):
        self.at = step

    def stepped(self, step):
        if step == self.at:
            os.kill(os.getpid(), signal.SIGINT)


class Killed(BaseException):
    """The end of a process, for what stands on the disk."""


class KillAt(Reporter):
    """Dies when a step is complete."""

    def __init__(self, step):
        self.at = step

    def stepped(self, step):
        if step == self.at:
            raise Killed


def final_state(folder):
    checkpoint, problems = read_newest(folder / "checkpoints")
    assert not problems
    return checkpoint


def assert_same(first, second):
    assert (first.step, first.drawn) == (second.step, second.drawn)
    assert first.tensors.keys() == second.tensors.keys()
    for group, tensors in first.tensors.items():
        assert tensors.keys() == second.tensors[group].keys()
        for name, tensor in tensors.items():
            assert torch.equal(tensor, second.tensors[group][name]), f"{group}/{name}"


def losses(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name not in TIMES} for line in lines]


@pytest.mark.parametrize("stop", [1, 5, 7])
@pytest.mark.parametrize(
    ("architecture", "conditional"), [("toy-gan", False), ("toy-gan", True), ("toy-vae", False)]
)
def test_interrupt_and_resume_is_bit_exact(
    tmp_path, registry, make_plan, architecture, conditional, stop
):
    plan = make_plan(architecture, conditional, accumulate=2)
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    assert not train_run(plan, whole, registry).interrupted
    result = train_run(plan, parted, registry, StopAt(stop))
    assert result.interrupted
    assert result.steps == stop
    # The weights begin as the checkpoint has them, not as the process left them.
    resumed = resume_run(parted, registry)
    assert (resumed.steps, resumed.interrupted) == (12, False)
    assert_same(final_state(whole), final_state(parted))
    # Means go on where they stopped, also where that was between two lines.
    assert losses(parted) == losses(whole)


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("architecture", ["toy-gan", "toy-vae"])
def test_a_run_stopped_in_the_middle_of_everything_is_bit_exact(
    tmp_path, registry, make_plan, architecture, conditional
):
    """An objective with state, a lazy phase, a repeated one, one that does not move, dropout."""
    # 40 samples in batches of 12, so that batches run over the end of the data.
    plan = make_plan(architecture, conditional, **TRAINING, batch_size=12)
    train_run(plan, tmp_path / "whole", registry)
    train_with_interruptions(plan, tmp_path / "stopped", registry)
    assert_same_runs(tmp_path / "stopped", tmp_path / "whole")


def test_rows_read_ahead_from_their_file_train_the_same(tmp_path, registry, make_plan, monkeypatch):
    plan = make_plan(conditional=True, accumulate=2)
    mapped, parted = tmp_path / "mapped", tmp_path / "parted"
    train_run(plan, mapped, registry)
    monkeypatch.setattr(rows, "LARGE", 0)
    train_run(plan, parted, registry, StopAt(5))
    resume_run(parted, registry)
    assert_same(final_state(mapped), final_state(parted))


def test_a_killed_run_goes_on_from_its_last_checkpoint_without_holes_or_doubles(
    tmp_path, registry, make_plan
):
    plan = make_plan()
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    train_run(plan, whole, registry)

    with pytest.raises(Killed):
        train_run(plan, killed, registry, KillAt(7))
    assert [path.name for path in list_checkpoints(killed / "checkpoints")] == ["step-000000004"]
    with (killed / "metrics.jsonl").open("a") as log:
        log.write('{"step": 7, "cut sh')
    resume_run(killed, registry)
    assert_same(final_state(whole), final_state(killed))
    assert losses(killed) == losses(whole)


def test_a_kill_in_the_middle_of_a_checkpoint_leaves_the_previous_one_whole(
    tmp_path, registry, make_plan
):
    out = tmp_path / "run"
    train_run(make_plan(), out, registry)
    checkpoints = list_checkpoints(out / "checkpoints")
    newest, previous = checkpoints[-1], checkpoints[-2]
    # What a killed writer leaves: a temporary folder, files missing.
    half = newest.with_name(f".{newest.name}.0123.tmp")
    shutil.move(newest, half)
    (half / "state.json").unlink()
    checkpoint, problems = read_newest(out / "checkpoints")
    assert not problems
    assert checkpoint.step == int(previous.name.removeprefix("step-"))
    assert resume_run(out, registry).steps == 12


def test_a_truncated_checkpoint_is_named_and_the_one_before_is_used(tmp_path, registry, make_plan):
    out = tmp_path / "run"
    train_run(make_plan(), out, registry)
    newest = list_checkpoints(out / "checkpoints")[-1]
    victim = newest / "ema.safetensors"
    victim.write_bytes(victim.read_bytes()[:-10])
    notes = []

    class Listener(Reporter):
        def note(self, message):
            notes.append(message)

    assert resume_run(out, registry, Listener()).steps == 12
    assert any(str(victim) in note for note in notes)


def test_where_checkpoints_were_lost_a_resume_says_so(tmp_path, registry, make_plan):
    out = tmp_path / "run"
    train_run(make_plan(), out, registry)
    shutil.rmtree(out / "checkpoints")
    with pytest.raises(CheckpointError, match="no usable checkpoint"):
        resume_run(out, registry)


def test_a_run_killed_before_its_first_checkpoint_begins_anew(tmp_path, registry, make_plan):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    train_run(make_plan(), whole, registry)
    with pytest.raises(Killed):
        train_run(make_plan(), killed, registry, KillAt(3))
    assert not list_checkpoints(killed / "checkpoints")
    assert losses(killed)
    assert resume_run(killed, registry).steps == 12
    assert_same(final_state(whole), final_state(killed))
    assert losses(killed) == losses(whole)


def test_a_run_killed_while_it_wrote_its_record_leaves_its_folder_free(
    tmp_path, registry, make_plan
):
    out = tmp_path / "run"
    out.mkdir()
    (out / ".run.json.0123456789ab.tmp").write_text("{")
    assert train_run(make_plan(), out, registry).steps == 12
    assert not list(out.glob(".*"))


def test_what_killed_writers_left_is_swept_up(tmp_path, registry, make_plan):
    out = tmp_path / "run"
    with pytest.raises(Killed):
        train_run(make_plan(), out, registry, KillAt(7))
    left = [
        out / "checkpoints" / ".step-000000003.0123456789ab.tmp",
        out / "samples" / ".samples-000000006.png.0123456789ab.tmp",
        out / ".metrics.jsonl.0123456789ab.tmp",
    ]
    left[0].mkdir()
    left[1].touch()
    left[2].touch()
    own = out / ".notes.tmp"
    own.write_text("not genzoo's")
    resume_run(out, registry)
    assert list(out.rglob(".*")) == [own]


def test_a_log_cut_short_at_the_end_of_a_line_goes_on_in_a_new_one(tmp_path, registry, make_plan):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    train_run(make_plan(), whole, registry)
    with pytest.raises(Killed):
        train_run(make_plan(), killed, registry, KillAt(7))
    log = killed / "metrics.jsonl"
    log.write_bytes(log.read_bytes().rstrip(b"\n") + b"\xff")
    resume_run(killed, registry)
    assert losses(killed) == losses(whole)


def test_a_longer_run_may_go_on_but_nothing_else_changes(tmp_path, registry, make_plan):
    short, long = tmp_path / "short", tmp_path / "long"
    train_run(make_plan(steps=6), short, registry)
    train_run(make_plan(steps=12), long, registry)
    assert resume_run(short, registry, changes={"steps": 12}).steps == 12
    assert_same(final_state(short), final_state(long))
    with pytest.raises(UsageError, match="batch_size"):
        resume_run(short, registry, changes={"batch_size": 8})


def test_what_one_resume_changed_the_next_one_goes_on_with(tmp_path, registry, make_plan, data):
    out, moved = tmp_path / "run", tmp_path / "moved.npz"
    train_run(make_plan(steps=4), out, registry)
    data.rename(moved)
    resume_run(out, registry, changes={"steps": 6, "keep_checkpoints": 1}, data=str(moved))
    plan = json.loads((out / "run.json").read_text())["plan"]
    assert (plan["training"]["steps"], plan["training"]["keep_checkpoints"]) == (6, 1)
    assert plan["data"]["data"] == str(moved)
    assert resume_run(out, registry).steps == 6


def test_changed_data_is_noticed(tmp_path, registry, make_plan, data):
    import numpy as np

    out = tmp_path / "run"
    train_run(make_plan(), out, registry)
    np.savez(data, images=np.zeros((40, 8, 8, 3), np.uint8), labels=np.arange(40) % 2)
    with pytest.raises(DataError, match="changed since"):
        resume_run(out, registry)


def test_the_same_data_written_again_are_gone_on_with(tmp_path, registry, make_plan, data):
    out = tmp_path / "run"
    train_run(make_plan(), out, registry)
    content = data.read_bytes()
    data.unlink()
    data.write_bytes(content)
    assert resume_run(out, registry, changes={"steps": 13}).steps == 13


def test_a_run_that_knows_its_data_by_times_is_refused(tmp_path, registry, make_plan):
    out = tmp_path / "run"
    train_run(make_plan(), out, registry)
    text = (out / "run.json").read_text(encoding="utf-8")
    old = text.replace('"format_version": 2', '"format_version": 1')
    (out / "run.json").write_text(old, encoding="utf-8")
    with pytest.raises(DataError, match="was begun by an older genzoo") as caught:
        resume_run(out, registry)
    assert "start a new run" in caught.value.hint


def test_only_the_newest_checkpoints_are_kept(tmp_path, registry, make_plan):
    out = tmp_path / "run"
    train_run(make_plan(keep_checkpoints=1), out, registry)
    (only,) = list_checkpoints(out / "checkpoints")
    assert read_checkpoint(only).step == 12


def test_a_folder_that_is_no_run_is_refused(tmp_path, registry):
    with pytest.raises(UsageError, match="is not a run"):
        resume_run(tmp_path, registry)
