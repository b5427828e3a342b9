"""Several processes train what one with the same global batch would."""

import json
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from worlds import Processes, run_world

from genzoo.errors import UsageError
from genzoo.training.checkpoint import list_checkpoints, read_newest
from genzoo.training.config import TrainingConfig
from genzoo.training.reporter import Reporter
from genzoo.training.session import open_session
from genzoo.training.start import load_data, resume_run, train_run
from genzoo.world import World

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from joined_run import make_plan, make_registry  # noqa: E402

SOME = (
    "dcgan with gan",
    "convgan with r3gan, lazy",
    "convgan with wgan-gp, accumulate",
    "conv-vae with elbo, free bits",
    "dcgan with gan, apart",
)


def compare(*names):
    """What `shared_runs.py` found, by case."""
    command = ["-W", "error", HERE / "shared_runs.py", json.dumps(names)]
    return {found["case"]: found for found in map(json.loads, run_world(command)[0].splitlines())}


def assert_equal_runs(found):
    assert max(found["shares"].values()) < 1e-4, found["shares"]
    assert found["spread"] == 0.0, "all processes have the same weights"
    for name, value in found["expected"].items():
        if name != "samples_per_second":
            assert found["measured"][name] == pytest.approx(value, rel=1e-4, abs=1e-5), name


@pytest.fixture(scope="module")
def some():
    return compare(*SOME)


@pytest.mark.parametrize("name", SOME[:-1])
def test_two_processes_end_where_one_does(some, name):
    assert_equal_runs(some[name])


def test_batch_norm_of_each_process_alone_is_another_run(some):
    found = some[SOME[-1]]
    assert found["spread"] == 0.0
    assert found["shares"]["part.generator"] > 1e-3


@pytest.mark.slow
def test_every_pair_of_the_bundled_plugins_ends_where_one_process_does():
    every = compare()
    assert len(every) >= 24
    for name, found in every.items():
        if name != SOME[-1]:
            assert_equal_runs(found)


@pytest.fixture
def folder(tmp_path):
    """30 images of 8x8 pixels, as files."""
    rng = np.random.default_rng(0)
    place = tmp_path / "images"
    place.mkdir()
    for number in range(30):
        pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{number}.png")
    return place


class Runs:
    """Runs of one plan in one process or in two."""

    def __init__(self, data, place):
        self.data, self.place = data, place

    def alone(self, name, steps=12):
        out, registry = self.place / name, make_registry()
        if out.exists():
            resume_run(out, registry, Reporter(), {"steps": steps})
        else:
            train_run(make_plan(str(self.data), steps=steps), out, registry)
        return read_newest(out / "checkpoints")[0]

    def together(self, name, steps=12, *event):
        """Exit codes, what was printed and what went wrong, by process."""
        command = [HERE / "joined_run.py", self.place / name, self.data, steps, *event]
        with Processes(command) as processes:
            return processes.finish(120)

    def checkpoint(self, name):
        return read_newest(self.place / name / "checkpoints")[0]


@pytest.fixture
def runs(folder, tmp_path):
    return Runs(folder, tmp_path)


IDLE = ("third.bias", "norm.running_mean")
"""Batch norm takes the bias before it off again: its gradient is zero but for rounding."""


def assert_close(found, expected, tolerance):
    assert (found.step, found.drawn) == (expected.step, expected.drawn)
    for group, tensors in expected.tensors.items():
        assert tensors.keys() == found.tensors[group].keys()
        for name, tensor in tensors.items():
            if tolerance and any(idle in name for idle in IDLE):
                continue
            torch.testing.assert_close(
                found.tensors[group][name], tensor, rtol=tolerance, atol=tolerance
            )


def test_a_run_is_stopped_by_one_process_and_goes_on_in_any_number(runs):
    (code, first, err), (other_code, second, _) = runs.together("parted", 12, "stop", 1, 3)
    assert (code, other_code) == (0, 0), err
    assert "decoding" in first
    assert "decoding" not in second, "one process of a machine decodes for all of it"
    assert "wrote" in first
    assert "wrote" not in second
    assert first.splitlines()[-1] == second.splitlines()[-1] == "ended 4 True"
    assert runs.checkpoint("parted").step == 4
    runs.alone("parted", 8)
    (code, _, err), _ = runs.together("parted", 12)
    assert code == 0, err
    assert_close(runs.checkpoint("parted"), runs.alone("whole"), 2e-4)
    lines = [json.loads(line) for line in (runs.place / "parted" / "metrics.jsonl").open()]
    logged = [line["step"] for line in lines]
    assert logged == sorted(set(logged))
    assert logged[-1] == 12


def test_a_killed_process_ends_the_other_and_the_run_goes_on(runs):
    (code, first, err), (other_code, _, _) = runs.together("killed", 12, "die", 1, 6)
    assert (code, other_code) == (1, -signal.SIGKILL)
    assert "WorldError: Another process of this program has ended" in err
    assert "ended" not in first
    assert [path.name for path in list_checkpoints(runs.place / "killed" / "checkpoints")] == [
        "step-000000004"
    ]
    (code, _, err), _ = runs.together("killed", 12)
    assert code == 0, err
    (code, _, err), _ = runs.together("whole", 12)
    assert code == 0, err
    assert_close(runs.checkpoint("killed"), runs.checkpoint("whole"), 0.0)


def test_a_process_that_fails_ends_the_other(runs):
    (code, _, err), (other_code, _, other) = runs.together("failed", 12, "fail", 1, 2)
    assert (code, other_code) == (1, 1)
    assert "The toy broke." in other
    assert "Another process of this program has ended" in err


def test_a_batch_that_does_not_divide_is_refused(runs):
    plan = make_plan(str(runs.data), batch_size=9)
    dataset = load_data(plan, make_registry(), Reporter())
    with pytest.raises(UsageError, match="does not divide among 2 processes"):
        open_session(plan, dataset, make_registry(), World(0, 2))


@pytest.mark.slow
def test_torchrun_trains_from_the_command_line(runs):
    out = runs.place / "run"
    options = ["--size", "16", "--steps", "4", "--batch-size", "8", "--width", "4", "-o", str(out)]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*torchrun, "-m", "genzoo", "train", "dcgan", runs.data, *options]
    with Processes(command, size=1) as processes:
        ((code, printed, err),) = processes.finish()
    assert code == 0, err
    assert printed.split() == [str(out)], "one process speaks for both"
    assert read_newest(out / "checkpoints")[0].step == 4
    assert (out / "artifact" / "model.safetensors").exists()


def test_the_option_is_off_by_default():
    assert TrainingConfig().sync_batch_norm is False
