"""Training on shards of which a few lie on the disk at a time."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import pytest
from file_server import serving
from process_groups import run_processes
from run_comparison import assert_same_runs
from shard_writer import write_shards

from genzoo.errors import DataError
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import list_checkpoints
from genzoo.training.reporter import Reporter
from genzoo_sources import reader

HERE = Path(__file__).parent
WINDOW, SHARDS, EACH = 2, 8, 10


class Killed(BaseException):
    """The end of a process, for what stands on the disk."""


class Watcher(Reporter):
    """Does something after each step."""

    def __init__(self, action):
        self.action = action

    def stepped(self, step):
        self.action(step)


@pytest.fixture
def server(tmp_path):
    with serving() as server:
        server.share(write_shards(tmp_path / "shards", count=SHARDS * EACH, shards=SHARDS))
        yield server


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "streamed"


@pytest.fixture
def plan(make_plan, server):
    address = f"{server.url}/part-{{000..007}}.tar"
    return make_plan(address, conditional=True, stream=True, window=WINDOW, options={"size": 8})


def lying(cache):
    return [path for path in cache.glob("*/*") if path.suffix != ".lock"]


def test_few_shards_lie_on_the_disk_while_a_run_goes_through_all(
    tmp_path, registry, plan, server, cache
):
    counts = []
    watcher = Watcher(lambda step: counts.append(len(lying(cache))))
    train_run(plan, tmp_path / "run", registry, watcher)
    whole = [path for path, asked in server.requests if asked == "bytes=0-"]
    # At least 192 samples of 80: all shards more than once, after the first look.
    assert min(whole.count(path) for path in server.files) >= 3
    assert len(counts) == 12
    assert max(counts) <= 2 * WINDOW
    assert min(counts) >= 1


def test_a_killed_run_goes_on_bit_for_bit(tmp_path, registry, plan):
    def kill(step):
        if step == 7:
            raise Killed

    whole, parted = tmp_path / "whole", tmp_path / "parted"
    train_run(plan, whole, registry)
    with pytest.raises(Killed):
        train_run(plan, parted, registry, Watcher(kill))
    assert resume_run(parted, registry).steps == 12
    assert_same_runs(whole, parted)


def test_broken_connections_change_nothing(tmp_path, registry, plan, server, monkeypatch):
    monkeypatch.setattr(reader, "FIRST_DELAY", 0.001)
    train_run(plan, tmp_path / "whole", registry)
    server.drop_after = 7000
    train_run(plan, tmp_path / "broken", registry)
    assert_same_runs(tmp_path / "whole", tmp_path / "broken")


def test_a_shard_that_changes_ends_the_run_with_its_checkpoint_there(
    tmp_path, registry, plan, server
):
    kept = dict(server.files)

    def change(step):
        if step == 5:
            server.files = {path: content + bytes(512) for path, content in kept.items()}

    run = tmp_path / "run"
    with pytest.raises(DataError, match="was changed since") as caught:
        train_run(plan, run, registry, Watcher(change))
    assert "resume" in caught.value.hint
    assert list_checkpoints(run / "checkpoints")
    with pytest.raises(DataError, match="data has changed since"):
        resume_run(run, registry)
    server.files = kept
    assert resume_run(run, registry).steps == 12
    train_run(plan, tmp_path / "whole", registry)
    assert_same_runs(tmp_path / "whole", run)


def test_no_network_ends_a_run_after_a_while_with_its_checkpoint_there(
    tmp_path, registry, plan, server, monkeypatch
):
    monkeypatch.setattr(reader, "PATIENCE", 0.2)

    def cut(step):
        server.down = step >= 5

    run = tmp_path / "run"
    with pytest.raises(DataError, match="Check the network"):
        train_run(plan, run, registry, Watcher(cut))
    server.down = False
    assert resume_run(run, registry).steps == 12
    train_run(plan, tmp_path / "whole", registry)
    assert_same_runs(tmp_path / "whole", run)


@pytest.mark.slow
def test_two_processes_share_what_is_fetched_and_read_different_samples(plan, server, cache):
    steps, size = 20, 8
    command = [HERE / "remote_run.py", plan.data.data, WINDOW, steps, size]
    first, second = (json.loads(out) for out in run_processes(command))
    both = [a + b for a, b in zip(first["values"], second["values"], strict=True)]
    epochs = list(chain(*both))
    assert sorted(epochs[: SHARDS * EACH]) == list(range(SHARDS * EACH))
    assert sorted(epochs[SHARDS * EACH :]) == list(range(SHARDS * EACH))
    assert max(first["most"], second["most"]) <= 3 * WINDOW
    fetched = [path for path, asked in server.requests if asked == "bytes=0-"]
    # Once to look through, once an epoch, and perhaps once more where epochs meet.
    assert len(fetched) <= SHARDS * 3 + 3 * WINDOW
    assert lying(cache) == []
