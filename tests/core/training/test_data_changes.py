"""What becomes of a run whose data are deleted, changed or cut short while it trains."""

import math
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from forked import ForkServer
from run_comparison import assert_same_runs

from genzoo.data import change_detection as watch
from genzoo.data.change_detection import DataWatch
from genzoo.errors import DataError
from genzoo.system.cache_folder import cache_root
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import list_checkpoints, read_newest
from genzoo.training.reporter import Reporter
from genzoo.training.training_config import DataConfig


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Damage done to the cache stays in the test."""
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))


class Meddler(Reporter):
    """Does something to the data when a step is complete."""

    def __init__(self, step, action):
        self.at = step
        self.action = action
        self.notes = []

    def stepped(self, step):
        if step == self.at:
            self.action()

    def note(self, message):
        self.notes.append(message)

    @property
    def warnings(self):
        return [note for note in self.notes if "since the run began" in note]


def final_weights(out):
    return read_newest(out / "checkpoints")[0].tensors["part.generator"]


def rewrite(data):
    np.savez(data, images=np.zeros((40, 8, 8, 3), np.uint8), labels=np.arange(40) % 2)


@pytest.mark.parametrize("change", [os.unlink, rewrite], ids=["deleted", "changed"])
def test_a_file_that_changes_is_noticed_at_the_next_checkpoint(
    tmp_path, registry, make_plan, data, change
):
    whole, out = tmp_path / "whole", tmp_path / "run"
    train_run(make_plan(), whole, registry)
    meddler = Meddler(2, lambda: change(data))
    assert train_run(make_plan(), out, registry, meddler).steps == 12
    (warning,) = meddler.warnings
    assert str(data) in warning
    expected, found = final_weights(whole), final_weights(out)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.mark.parametrize("what", ["deleted", "added", "changed", "all gone"])
def test_a_folder_that_changes_is_noticed_too(tmp_path, registry, make_plan, images, what):
    actions = {
        "deleted": (images / "7.png").unlink,
        "added": lambda: shutil.copy(images / "7.png", images / "more.png"),
        "changed": lambda: shutil.copyfile(images / "6.png", images / "7.png"),
        "all gone": lambda: shutil.rmtree(images),
    }
    plan = make_plan().model_copy(update={"data": DataConfig(data=str(images))})
    meddler = Meddler(2, actions[what])
    train_run(plan, tmp_path / "run", registry, meddler)
    assert len(meddler.warnings) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_data_that_stay_as_they_are_are_no_cause_for_a_word(
    tmp_path, registry, make_plan, images, stream
):
    options = {"options": {"size": 8}, "stream": stream}
    plan = make_plan().model_copy(update={"data": DataConfig(data=str(images), **options)})
    meddler = Meddler(2, lambda: os.utime(images / "7.png", ns=(0, 0)))
    train_run(plan, tmp_path / "run", registry, meddler)
    assert meddler.warnings == []


def cached_rows() -> Path:
    (rows,) = cache_root().rglob("rows.npy")
    return rows


def test_a_deleted_cache_does_not_disturb_a_run(tmp_path, registry, make_plan):
    meddler = Meddler(2, lambda: shutil.rmtree(cache_root()))
    assert train_run(make_plan(), tmp_path / "run", registry, meddler).steps == 12
    assert meddler.warnings == []
    assert resume_run(tmp_path / "run", registry, changes={"steps": 13}).steps == 13


def overwrite_rows():
    with cached_rows().open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        file.write(bytes(100))


def test_rows_that_change_under_a_run_stop_it_before_it_keeps_what_it_learnt(
    tmp_path, registry, make_plan
):
    whole, out = tmp_path / "whole", tmp_path / "run"
    train_run(make_plan(), whole, registry)
    with pytest.raises(DataError, match="while a run was using it") as caught:
        train_run(make_plan(), out, registry, Meddler(6, overwrite_rows))
    assert [path.name for path in list_checkpoints(out / "checkpoints")] == ["step-000000004"]
    # What the hint says works.
    assert str(cached_rows().parent) in caught.value.hint
    shutil.rmtree(cached_rows().parent)
    resume_run(out, registry)
    expected, found = final_weights(whole), final_weights(out)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_rows_cut_short_are_noticed_too(tmp_path, registry, make_plan):
    def cut():
        # Less than a page, so that it is the watch that notices and not the processor.
        os.truncate(cached_rows(), cached_rows().stat().st_size - 8)

    with pytest.raises(DataError, match="while a run was using it"):
        train_run(make_plan(), tmp_path / "run", registry, Meddler(6, cut))


@pytest.mark.slow
def test_a_copy_that_ends_too_early_costs_the_steps_since_the_last_checkpoint(tmp_path, images):
    with ForkServer() as server:
        assert server.run(tmp_path / "whole", images)[0] == 0
        code, _ = server.run(tmp_path / "cut", images, cut_at=3)
        assert code == -signal.SIGBUS
        assert server.run(tmp_path / "cut", images)[0] == 0
    assert_same_runs(tmp_path / "cut" / "run", tmp_path / "whole" / "run")


def test_looking_waits_until_it_is_cheap_again(monkeypatch):
    class Data:
        name, rows = "photos", None

    now, looks = [0.0], []

    def look():
        looks.append(now[0])
        now[0] += 2.0
        return "same"

    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    watching = DataWatch(Data, look)
    for moment in (3.0, 10.0, 204.0, 205.0, 206.0, 500.0):
        now[0] = moment
        assert watching(last=False) == ""
    assert looks == [0.0, 3.0, 205.0, 500.0]


def test_streamed_data_that_change_end_the_run_before_its_next_checkpoint(
    tmp_path, registry, make_plan, images, monkeypatch
):
    monkeypatch.setattr(watch, "SHARE", math.inf)
    data = DataConfig(data=str(images), options={"size": 8}, stream=True)
    plan = make_plan().model_copy(update={"data": data})
    out = tmp_path / "run"
    before = (images / "7.png").read_bytes()
    meddler = Meddler(6, lambda: shutil.copyfile(images / "6.png", images / "7.png"))
    with pytest.raises(DataError, match="changed or removed while a run was streaming"):
        train_run(plan, out, registry, meddler)
    assert [path.name for path in list_checkpoints(out / "checkpoints")] == ["step-000000004"]
    (images / "7.png").write_bytes(before)
    assert resume_run(out, registry).steps == 12


def test_streamed_data_are_looked_at_in_the_end_whatever_it_costs(
    tmp_path, registry, make_plan, images, monkeypatch
):
    monkeypatch.setattr(watch, "SHARE", 1e-9)
    data = DataConfig(data=str(images), options={"size": 8}, stream=True)
    plan = make_plan().model_copy(update={"data": data})
    meddler = Meddler(6, lambda: shutil.copyfile(images / "6.png", images / "7.png"))
    with pytest.raises(DataError, match="changed or removed while a run was streaming"):
        train_run(plan, tmp_path / "run", registry, meddler)
    kept = [path.name for path in list_checkpoints(tmp_path / "run" / "checkpoints")]
    assert kept == ["step-000000004", "step-000000008"]
