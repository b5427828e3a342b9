"""A place that cannot be written to is named at once, and a full disk costs no more than a step."""

import errno
import json
import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch

from genzoo.errors import StorageError
from genzoo.training import begin_and_resume as start
from genzoo.training import checkpoint
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import Checkpoint, list_checkpoints, write_checkpoint
from genzoo.training.metrics_log import MetricsLog


@pytest.fixture
def no_data(monkeypatch):
    """Fails the test if the data is opened, which may take an hour."""
    monkeypatch.setattr(start, "load_data", lambda *_: pytest.fail("the data was opened first"))


@pytest.mark.usefixtures("no_data")
def test_a_folder_below_a_file_is_refused_before_the_data_is_opened(tmp_path, registry, make_plan):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="a file stands where a folder is due") as caught:
        train_run(make_plan(), tmp_path / "file" / "run", registry)
    assert caught.value.hint == "Choose another place."


def refuse_writing(monkeypatch, folder):
    """As on a file system that is mounted read-only, where permissions do not tell."""
    access = os.access

    def refuse(path, mode, **options):
        writes = mode & os.W_OK and Path(path).is_relative_to(folder)
        return not writes and access(path, mode, **options)

    monkeypatch.setattr(os, "access", refuse)


@pytest.mark.usefixtures("no_data")
def test_a_read_only_place_is_refused_before_the_data_is_opened(
    tmp_path, registry, make_plan, monkeypatch
):
    refuse_writing(monkeypatch, tmp_path)
    with pytest.raises(StorageError, match="permission is denied") as caught:
        train_run(make_plan(), tmp_path / "new" / "run", registry)
    assert caught.value.hint == "Choose a folder that you may write to."
    assert not (tmp_path / "new").exists()


def test_a_run_that_became_read_only_is_refused_before_the_data_is_opened(
    tmp_path, registry, make_plan, monkeypatch
):
    train_run(make_plan(steps=2), tmp_path / "run", registry)
    refuse_writing(monkeypatch, tmp_path / "run")
    monkeypatch.setattr(start, "load_data", lambda *_: pytest.fail("the data was opened first"))
    with pytest.raises(StorageError, match="permission is denied"):
        resume_run(tmp_path / "run", registry, changes={"steps": 4})


@contextmanager
def unprivileged():
    """Whoever runs the tests, root becomes nobody."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.mark.usefixtures("no_data")
def test_a_folder_without_permission_is_refused(registry, make_plan):
    plan = make_plan()
    # Others may not look into the folders of pytest.
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        with unprivileged(), pytest.raises(StorageError, match="permission is denied"):
            train_run(plan, folder / "run", registry)
        assert not list(folder.iterdir())
        folder.chmod(0o755)


@pytest.mark.parametrize("keep", [1, 2])
def test_a_checkpoint_that_cannot_be_written_costs_none_of_the_others(tmp_path, monkeypatch, keep):
    groups = {"ema": {"weight": torch.zeros(2)}}
    for step in (1, 2):
        write_checkpoint(tmp_path, Checkpoint(step, 8, groups), keep)
    kept = [path.name for path in list_checkpoints(tmp_path)]
    assert len(kept) == keep

    def full(path, tensors):
        path.write_bytes(b"half")
        assert [each.name for each in list_checkpoints(tmp_path)] == kept
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_tensors", full)
        with pytest.raises(StorageError, match="the disk is full"):
            write_checkpoint(tmp_path, Checkpoint(3, 8, groups), keep)
    assert sorted(path.name for path in tmp_path.iterdir()) == kept
    write_checkpoint(tmp_path, Checkpoint(3, 8, groups), keep)
    assert len(list_checkpoints(tmp_path)) == keep


def test_a_log_on_a_full_disk_says_so(tmp_path, monkeypatch):
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.append({"step": 1})

    def fill_up(path, *args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "open", fill_up)
        with pytest.raises(StorageError, match="disk is full"):
            log.append({"step": 2})
    log.append({"step": 2})
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]
