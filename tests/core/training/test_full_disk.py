"""A disk that is full at whatever a run writes next costs the steps since its last checkpoint."""

import json
import shutil

import pytest
from forked import ForkServer
from run_comparison import assert_same_runs, logged

from genzoo.artifact.verify import verify
from genzoo.training.checkpoint import list_checkpoints, read_checkpoint

SHORT = {"steps": 2, "checkpoint_every": 1, "snapshot_every": 2}


@pytest.fixture(scope="module")
def server():
    with ForkServer() as server:
        yield server


def check_stopped(place, registry):
    """What was written before is whole, and nothing half written is left."""
    run = place / "run"
    for path in list_checkpoints(run / "checkpoints"):
        read_checkpoint(path)
    if (run / "artifact").exists():
        assert verify(run / "artifact", registry).ok
    assert not list(place.rglob(".*.tmp"))


def report(place):
    return json.loads((place / "report.json").read_text())


@pytest.mark.slow
def test_a_disk_that_is_full_at_any_write_stops_a_run_and_no_more(
    tmp_path, images, registry, server
):
    whole = tmp_path / "whole"
    assert server.run(whole, images, training=SHORT)[0] == 0
    writes = report(whole)["made"]
    assert writes > 40
    for room in range(writes):
        place = tmp_path / "full"
        code, _ = server.run(place, images, training=SHORT, full_after=room)
        told = report(place)
        assert (code, told["error"]) == (3, "StorageError"), f"write {room}: {told}"
        assert "cannot be written: the disk is full. Free some space" in told["message"]
        check_stopped(place, registry)
        assert server.run(place, images, training=SHORT)[0] == 0, f"write {room}: {report(place)}"
        assert_same_runs(place / "run", whole / "run")
        shutil.rmtree(place)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 300, 800, 3000, 6000])
def test_files_that_end_in_the_middle_are_not_kept(tmp_path, images, registry, server, limit):
    """The system itself refuses to write further, to Python, safetensors and NumPy alike."""
    whole, place = tmp_path / "whole", tmp_path / "limited"
    assert server.run(whole, images, training=SHORT)[0] == 0
    assert server.run(place, images, training=SHORT, file_limit=limit)[0] == 3
    told = report(place)
    assert told["error"] == "StorageError", told
    assert "cannot be written: the file would be too large" in told["message"]
    check_stopped(place, registry)
    assert server.run(place, images, training=SHORT)[0] == 0, report(place)
    assert_same_runs(place / "run", whole / "run")


@pytest.mark.slow
def test_a_log_that_ends_in_the_middle_of_a_line_loses_that_line(tmp_path, images, server):
    training = {"steps": 160, "checkpoint_every": 60, "snapshot_every": 160}
    whole, place = tmp_path / "whole", tmp_path / "limited"
    assert server.run(whole, images, training=training)[0] == 0
    assert server.run(place, images, training=training, file_limit=25_000)[0] == 3
    assert "metrics.jsonl" in report(place)["message"]
    lines, rest = logged(place / "run")
    assert rest
    assert 60 < len(lines) < 160
    assert server.run(place, images, training=training)[0] == 0
    assert_same_runs(place / "run", whole / "run")
