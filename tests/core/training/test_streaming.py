"""Training on tar shards, decoded once or while it goes on."""

from __future__ import annotations

import os
import shutil
import signal

import pytest
import torch
from shard_writer import picture, write_shard, write_shards

from genzoo.errors import DataError
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import read_newest
from genzoo.training.reporter import Reporter


class Listener(Reporter):
    """Keeps what it is told, and presses Ctrl-C when a step is complete."""

    def __init__(self, stop=0):
        self.stop = stop
        self.notes: list[str] = []

    def note(self, text):
        self.notes.append(text)

    def stepped(self, step):
        if step == self.stop:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def shards(tmp_path):
    return write_shards(tmp_path / "shards", count=40, shards=4)


@pytest.fixture
def planned(make_plan):
    def plan(data, stream):
        drawn = make_plan(conditional=True, accumulate=2)
        update = {"data": str(data), "stream": stream}
        return drawn.model_copy(update={"data": drawn.data.model_copy(update=update)})

    return plan


def assert_same(first, second):
    left, right = (read_newest(folder / "checkpoints")[0] for folder in (first, second))
    assert (left.step, left.drawn) == (right.step, right.drawn)
    for group, tensors in left.tensors.items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, right.tensors[group][name]), f"{group}/{name}"


def test_streamed_kept_and_resumed_runs_end_with_the_same_bits(
    tmp_path, registry, planned, shards, monkeypatch
):
    kept, parted = tmp_path / "kept", tmp_path / "parted"
    train_run(planned(shards, stream=False), kept, registry)
    monkeypatch.chdir(shards.parent)
    pattern = "shards/part-{000..003}.tar"
    assert train_run(planned(pattern, stream=True), parted, registry, Listener(5)).interrupted
    # A pattern is found from elsewhere too.
    monkeypatch.chdir(parted)
    assert resume_run(parted, registry).steps == 12
    assert_same(kept, parted)


def test_what_cannot_be_read_is_told_and_replaced_the_same_after_a_resume(
    tmp_path, registry, planned
):
    files = {}
    for number in range(40):
        files[f"{number:02d}.png"] = b"no image" if number == 7 else picture(number)
        files[f"{number:02d}.cls"] = str(number % 2).encode()
    shard = write_shard(tmp_path / "a.tar", files)
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    heard = Listener()
    train_run(planned(shard, stream=True), whole, registry, heard)
    assert "'a.tar/07.png' cannot be read (not an image): 'a.tar/09.png' takes its place." in (
        heard.notes
    )
    train_run(planned(shard, stream=True), parted, registry, Listener(7))
    resume_run(parted, registry)
    assert_same(whole, parted)


def test_changed_shards_are_refused(tmp_path, registry, planned, shards):
    run = tmp_path / "run"
    train_run(planned(shards, stream=True), run, registry, Listener(5))
    shutil.copyfile(shards / "part-001.tar", shards / "part-002.tar")
    with pytest.raises(DataError, match="has changed since"):
        resume_run(run, registry)
