"""SIGKILL at moments nobody chose, most of them in the middle of writing a checkpoint."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from genzoo.training.checkpoint import list_checkpoints, read_newest

SCRIPT = Path(__file__).with_name("killed_run.py")

STEPS = 100
"""Far more than a run takes in all the time that it is given between its kills."""


def start(data, out):
    return subprocess.Popen([sys.executable, SCRIPT, data, out, str(STEPS)], stderr=subprocess.PIPE)


def kill_while_checkpointing(data, out, delay):
    """Kill the run `delay` seconds after it wrote its first new checkpoint."""
    before = list_checkpoints(out / "checkpoints")
    process = start(data, out)
    while list_checkpoints(out / "checkpoints") == before and process.poll() is None:
        time.sleep(0.005)
    time.sleep(delay)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "it was still at work"


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_with_the_same_bits(tmp_path, data):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = start(data, whole)
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    delays = random.Random(0)
    for _ in range(4):
        kill_while_checkpointing(data, killed, delays.uniform(0.0, 0.1))
        _, problems = read_newest(killed / "checkpoints")
        assert not problems, "what stands under a checkpoint's name is whole"
    process = start(data, killed)
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    expected, found = (read_newest(run / "checkpoints")[0] for run in (whole, killed))
    assert expected.step == found.step == STEPS
    for group, tensors in expected.tensors.items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, found.tensors[group][name]), f"{group}/{name}"
    left = [path.name for path in killed.rglob(".*") if path.name.endswith(".tmp")]
    assert not [name for name in left if "step-" in name or "artifact" in name]
