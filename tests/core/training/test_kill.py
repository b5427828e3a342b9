"""SIGKILL at a hundred moments that nobody chose, from a run's first to its last."""

import itertools
import json
import random
import shutil
import signal

import numpy as np
import pytest
import torch
from forked import ForkServer
from PIL import Image

from genzoo.artifact.tensors import load_tensors
from genzoo.artifact.verify import verify
from genzoo.training.checkpoint import list_checkpoints, read_checkpoint

KILLS = 100
MOST = 5
"""Kills of one run, after which it is let finish."""

UNEQUAL = ("metrics.jsonl", "config.json")
"""Files with times, and with hashes of files that differ in the order of their metadata."""


@pytest.fixture
def images(tmp_path):
    """A folder of files, whose decoding can be interrupted too."""
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(20):
        pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def logged(run, whole):
    """Lines of the log without times; its last may be cut short unless it is `whole`."""
    try:
        *lines, last = (run / "metrics.jsonl").read_text().split("\n")
    except FileNotFoundError:
        return []
    assert not (whole and last), "the last line is whole"
    return [{**json.loads(line), "samples_per_second": 0} for line in lines]


def check_killed(run, registry):
    """What a killed run leaves is old or new, never a part."""
    for path in list_checkpoints(run / "checkpoints"):
        read_checkpoint(path)
    if (run / "artifact").exists():
        found = verify(run / "artifact", registry)
        assert found.ok, found
    if (run / "run.json").exists():
        json.loads((run / "run.json").read_text())
    steps = [line["step"] for line in logged(run, whole=False)]
    assert steps == list(range(1, len(steps) + 1))
    for path in run.glob("samples/[!.]*.png"):
        Image.open(path).load()


def check_finished(run, expected):
    """Every bit is as without a kill, and nothing else is there."""
    assert logged(run, whole=True) == logged(expected, whole=True)
    names = {path.relative_to(run) for path in run.rglob("*")}
    assert names == {path.relative_to(expected) for path in expected.rglob("*")}
    for name in names:
        if name.suffix == ".safetensors":
            check_same(run / name, expected / name)
        elif (run / name).is_file() and name.name not in UNEQUAL:
            assert (run / name).read_bytes() == (expected / name).read_bytes(), name


def check_same(path, expected):
    """The order of a file's metadata is random; of the rest there is one way to write it."""
    (tensors, notes), (others, other_notes) = load_tensors(path), load_tensors(expected)
    assert notes == other_notes
    assert tensors.keys() == others.keys()
    for name, tensor in tensors.items():
        assert torch.equal(tensor, others[name]), f"{path}: {name}"


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
            check_finished(place / "run", tmp_path / "whole" / "run")
            shutil.rmtree(place)
            total += kills
            if total >= KILLS:
                break
            # Machines get slower and quicker: moments stay spread over all of a run.
            life = seconds if not kills else max(life, seconds)
