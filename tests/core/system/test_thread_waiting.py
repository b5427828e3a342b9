"""Threads that wait for one another spin on a quiet machine and sleep on a busy one."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genzoo import UsageError, sharing_processors
from genzoo.system import thread_waiting as waiting
from genzoo.system.processors import usable_processors
from genzoo.system.thread_waiting import CROWDED, ROOMY, Waiting, shortage, spins_long, wait_policy

GNU = sys.platform == "linux" and len(usable_processors()) > 1

CODE = """
import json, os, time
import torch
from genzoo.system.thread_waiting import gather

x = torch.ones(1 << 20)

def cost():
    "Processor seconds of operations with pauses between them, in which idle threads wait."
    start = time.process_time()
    for _ in range(100):
        x.add(1)
        time.sleep(0.003)
    return time.process_time() - start

def threads():
    return len(os.listdir("/proc/self/task"))

def product():
    torch.manual_seed(0)
    return torch.nn.Conv2d(16, 16, 3)(torch.randn(8, 16, 32, 32))

found = {"awake": cost(), "before": threads()}
expected = product()
crowd = gather()
found |= {"asleep": cost(), "crowded": threads(), "same": torch.equal(product(), expected)}
crowd.leave()
found |= {"again": cost()}
found |= {"after": threads()}
print(json.dumps(found))
"""


@pytest.mark.parametrize(
    ("environment", "policy"),
    [
        ({}, "auto"),
        ({"GENZOO_WAIT_POLICY": ""}, "auto"),
        ({"GENZOO_WAIT_POLICY": "PASSIVE"}, "passive"),
        ({"GENZOO_WAIT_POLICY": "active"}, "active"),
        ({"GENZOO_WAIT_POLICY": "passive", "OMP_WAIT_POLICY": "active"}, "active"),
        ({"GOMP_SPINCOUNT": "0"}, "active"),
        ({"OMP_NUM_THREADS": "2"}, "auto"),
    ],
)
def test_what_is_set_for_openmp_is_left_alone(environment, policy):
    assert wait_policy(environment) == policy


def test_another_policy_is_refused():
    with pytest.raises(UsageError, match=r"'never'\. Set it to auto, active, passive"):
        wait_policy({"GENZOO_WAIT_POLICY": "never"})


@pytest.mark.parametrize(
    ("environment", "spins"),
    [
        ({}, True),
        ({"OMP_WAIT_POLICY": "PASSIVE"}, False),
        ({"OMP_WAIT_POLICY": "active"}, True),
        ({"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "infinite"}, True),
        ({"GOMP_SPINCOUNT": "1000"}, False),
        ({"GOMP_SPINCOUNT": "1001"}, True),
        ({"GOMP_SPINCOUNT": "1k"}, True),
    ],
)
def test_settings_of_openmp_tell_whether_threads_spin(environment, spins):
    assert spins_long(environment) == spins


@pytest.mark.parametrize(
    ("others", "threads", "processors", "short"),
    [(1.0, 2, 2, 1.0), (1.0, 8, 16, 0.0), (9.5, 8, 16, 1.5), (5.0, 2, 2, 2.0), (0.0, 2, 2, 0.0)],
)
def test_only_processors_that_the_threads_need_are_short(
    monkeypatch, others, threads, processors, short
):
    monkeypatch.setattr(waiting, "_threads", lambda: threads)
    monkeypatch.setattr(waiting, "usable_processors", lambda: frozenset(range(processors)))
    assert shortage(others) == short


class Load:
    """Stands in for the machine and for OpenMP."""

    def __init__(self):
        self.short, self.gathered, self.left, self.looks = 0.0, 0, 0, 0

    def read(self):
        self.looks += 1
        return self.short

    def gather(self):
        self.gathered += 1
        return self

    def leave(self):
        self.left += 1

    def settle(self, short):
        """Let it be seen at least once that so many processors are short."""
        self.short, seen = short, self.looks
        while self.looks < seen + 3:
            time.sleep(0.001)


@pytest.fixture
def load(monkeypatch):
    load = Load()
    for name in ("GENZOO_WAIT_POLICY", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(waiting, "OtherPrograms", lambda: load)
    monkeypatch.setattr(waiting, "gather", load.gather)
    monkeypatch.setattr(waiting, "_threads", lambda: 2)
    monkeypatch.setattr(waiting, "shortage", lambda others: others)
    monkeypatch.setattr(waiting, "FIRST_LOOK", 0.001)
    monkeypatch.setattr(waiting, "LOOK_EVERY", 0.001)
    return load


def test_threads_sleep_while_the_machine_is_busy_and_spin_again_after(load):
    with Waiting() as subject:
        load.settle(CROWDED - 0.01)
        assert not subject.asleep
        assert subject.spins
        load.settle(CROWDED + 0.01)
        assert subject.asleep
        assert not subject.spins
        load.settle(ROOMY + 0.01)
        assert subject.asleep, "it does not go to and fro"
        assert (load.gathered, load.left) == (1, 0)
        load.settle(ROOMY - 0.01)
        assert not subject.asleep
    assert (load.gathered, load.left) == (1, 1)


def test_all_is_put_back_when_the_last_one_leaves(load):
    with Waiting() as subject:
        with subject:
            load.settle(1.0)
        assert subject.asleep
    assert not subject.asleep
    assert subject.short == 0.0
    assert (load.gathered, load.left) == (1, 1)
    with subject:
        load.settle(1.0)
        assert subject.asleep, "it can be entered again"


@pytest.mark.parametrize(
    ("name", "value"),
    [("GENZOO_WAIT_POLICY", "active"), ("OMP_WAIT_POLICY", "passive"), ("GOMP_SPINCOUNT", "9")],
)
def test_what_the_user_set_stays(load, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    load.short = 1.0
    with Waiting():
        time.sleep(0.05)
    assert (load.looks, load.gathered) == (0, 0)


def test_threads_sleep_on_a_quiet_machine_where_the_user_says_so(load, monkeypatch):
    monkeypatch.setenv("GENZOO_WAIT_POLICY", "passive")
    with Waiting() as subject:
        load.settle(0.0)
        assert subject.asleep


def test_a_wrong_policy_leaves_nothing_entered(load, monkeypatch):
    monkeypatch.setenv("GENZOO_WAIT_POLICY", "never")
    with pytest.raises(UsageError), Waiting():
        pass
    monkeypatch.delenv("GENZOO_WAIT_POLICY")
    with Waiting() as subject:
        load.settle(1.0)
        assert subject.asleep


def test_there_is_one_for_the_process():
    assert sharing_processors() is sharing_processors()


@pytest.fixture(scope="module")
def switched():
    """What a process with two threads measured of itself."""
    environment = {name: value for name, value in os.environ.items() if "OMP_" not in name}
    run = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**environment, "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


@pytest.mark.skipif(not GNU, reason="no second processor, or another system")
def test_the_runtime_switches_there_and_back(switched):
    assert switched["asleep"] < 0.7 * switched["awake"]
    assert switched["asleep"] < 0.7 * switched["again"]


@pytest.mark.skipif(not GNU, reason="no second processor, or another system")
def test_results_are_the_same_and_no_thread_is_left_behind(switched):
    assert switched["same"]
    assert switched["crowded"] > switched["before"]
    assert switched["after"] == switched["before"]


def test_one_thread_has_nothing_to_wait_for(monkeypatch):
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(waiting, "_threads", lambda: 1)
    assert waiting.gather() is None
    assert not Waiting().spins


def test_another_runtime_is_left_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(waiting, "_threads", lambda: 2)
    maps = "7f00-7f01 r-xp 0 0:0 1 /libgomp/libother.so\n7f02-7f03 r-xp 0 0:0 1 /libgomp.so.9\n"
    monkeypatch.setattr(Path, "read_text", lambda self, **_: maps)
    assert waiting.gather() is None
