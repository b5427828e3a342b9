"""Processes that work together, and one that works alone."""

import json
from pathlib import Path

import pytest
import torch
from process_groups import end_processes, run_processes

from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup, joined_process_group
from genzoo.errors import UsageError

SCRIPT = Path(__file__).with_name("process_group_calls.py")


@pytest.fixture(scope="module")
def calls():
    """What each of two processes saw."""
    return [json.loads(out) for out in run_processes([SCRIPT])]


def test_each_process_knows_its_place(calls):
    assert [found["identity"] for found in calls] == [[0, 2, 0, True], [1, 2, 1, False]]


def test_rows_are_shared_out_without_holes_or_doubles(calls):
    assert [found["rows"] for found in calls] == [
        ["slice(0, 2, None)", "slice(0, 4, None)"],
        ["slice(2, 5, None)", "slice(4, 8, None)"],
    ]
    for count in (0, 1, 7, 64):
        rows = [n for rank in range(3) for n in range(count)[ProcessGroup(rank, 3).rows(count)]]
        assert rows == list(range(count))


def test_means_are_of_all_processes(calls):
    for found in calls:
        assert found["mean_"] == [[0.5] * 3] * 2
        assert found["image"]
        assert found["buckets"] == [0.0, 0.0, 0.0]
        assert found["half"] == [0.5, 0.5]


def test_gradients_and_theirs_flow_through_the_mean(calls):
    # With x = 1 and 2: mean m = (1 + 4) / 2; each process has the loss m², their mean is m² too,
    # and what each has is d m²/dx times the number of processes, as for any averaged loss.
    assert [found["mean"][:2] for found in calls] == [[2.5, 10.0], [2.5, 20.0]]
    # g = 4 m x; the derivative of the mean of both g, times two: 4 m + 4 x (x₁ + x₂).
    assert [found["mean"][2] for found in calls] == [4 * 2.5 + 4 * 3.0, 4 * 2.5 + 8 * 3.0]


def test_rank_0_is_heard_by_all(calls):
    for found in calls:
        assert found["broadcast_"] == [5, True, 0]
        assert found["share"] == {"from": 0, "text": "ä" * 9}


def test_what_all_say_is_heard_by_all(calls):
    for found in calls:
        assert found["any"] == [True, False, True]
        assert found["gather"] == [{"rank": 0, "text": ""}, {"rank": 1, "text": "x" * 7}]
        assert found["nested"] == [0, 1]
        assert found["copied"]


def test_a_process_alone_waits_for_nobody(monkeypatch):
    for name in ("WORLD_SIZE", "RANK"):
        monkeypatch.delenv(name, raising=False)
    x = torch.ones(2)
    with joined_process_group() as processes, processes.one_by_one():
        assert processes is SINGLE_PROCESS
        processes.mean_([x])
        processes.broadcast_([x])
        processes.barrier()
        assert processes.mean(x) is x
        assert (processes.any(True), processes.any(False)) == (True, False)
        assert (processes.share("a"), processes.gather("a")) == ("a", ["a"])
        assert (processes.is_main, processes.rows(5)) == (True, slice(0, 5))
        assert processes.device("auto") == "auto"


def test_each_process_of_a_machine_has_a_gpu_of_its_own(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    second = ProcessGroup(rank=5, size=6, local_rank=1)
    assert [second.device(name) for name in ("auto", "cuda", "cpu", "cuda:0")] == [
        "cuda:1",
        "cuda:1",
        "cpu",
        "cuda:0",
    ]
    assert SINGLE_PROCESS.device("auto") == "auto"
    with pytest.raises(UsageError, match="no GPU of its own: it has 2"):
        ProcessGroup(rank=2, size=6, local_rank=2).device("auto")


def test_half_an_environment_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(UsageError, match="RANK") as caught, joined_process_group():
        pass
    assert "torchrun" in caught.value.hint


def test_the_end_of_a_process_is_an_error_in_the_others(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import os, torch\n"
        "from genzoo.distributed.process_group import joined_process_group\n"
        "with joined_process_group() as processes:\n"
        "    if processes.rank == 1:\n"
        "        os._exit(9)\n"
        "    processes.mean_([torch.ones(3)])\n"
    )
    (code, _, err), (other, _, _) = end_processes([script])
    assert (code, other) == (1, 9)
    assert "ProcessGroupError: Another process of this program has ended" in err
