"""SIGKILL at a hundred moments that nobody chose, from a run's first to its last."""

import itertools
import json
import random
import shutil
import signal

import pytest
from forked import ForkServer
from PIL import Image
from run_comparison import assert_same_runs, logged

from genzoo.artifact.verify import verify
from genzoo.training.checkpoint import list_checkpoints, read_checkpoint

KILLS = 100
MOST = 5
"""Kills of one run, after which it is let finish."""


def check_killed(run, registry):
    """What a killed run leaves is old or new, never a part."""
    for path in list_checkpoints(run / "checkpoints"):
        read_checkpoint(path)
    if (run / "artifact").exists():
        found = verify(run / "artifact", registry)
        assert found.ok, found
    if (run / "run.json").exists():
        json.loads((run / "run.json").read_text())
    lines, _ = logged(run)
    steps = [dict(line)["step"] for line in lines]
    assert steps == list(range(1, len(steps) + 1))
    for path in run.glob("samples/[!.]*.png"):
        Image.open(path).load()


def kill_until_finished(server, place, images, life, moments, registry):
    """Kill a run at moments within `life` seconds of each start, until it is there before the kill.

    Returns:
        Number of kills, and the seconds of the start that finished.
    """
    for kills in range(MOST):
        code, seconds = server.run(place, images, kill_after=moments.uniform(0, life))
        if code == 0:
            return kills, seconds
        assert code == -signal.SIGKILL, "it goes on, whatever the kill before left"
        check_killed(place / "run", registry)
    code, seconds = server.run(place, images)
    assert code == 0
    return MOST, seconds


@pytest.mark.slow
def test_a_run_survives_a_hundred_kills(tmp_path, images, registry):
    moments = random.Random(0)
    with ForkServer() as server:
        code, life = server.run(tmp_path / "whole", images)
        assert code == 0
        total = 0
        for number in itertools.count():
            place = tmp_path / f"killed-{number}"
            kills, seconds = kill_until_finished(server, place, images, life, moments, registry)
            assert_same_runs(place / "run", tmp_path / "whole" / "run")
            shutil.rmtree(place)
            total += kills
            if total >= KILLS:
                break
            # Machines get slower and quicker: moments stay spread over all of a run.
            life = seconds if not kills else max(life, seconds)
