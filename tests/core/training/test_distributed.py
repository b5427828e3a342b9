"""Several processes train what one with the same global batch would."""

import json
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from process_groups import end_processes, run_processes, runs_slow_tests
from run_comparison import TIMES

from genzoo.distributed.process_group import ProcessGroup
from genzoo.errors import UsageError
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import read_newest
from genzoo.training.components import open_session
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data
from genzoo.training.training_config import TrainingConfig

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from joined_run import make_plan, make_registry  # noqa: E402

SOME = (
    "dcgan with gan",
    "convgan with r3gan, lazy",
    "convgan with wgan-gp, accumulate",
    "convgan with wgan-gp, adaptive",
    "conv-vae with elbo, free bits",
    "fastgan with projected",
    "dcgan with gan, apart",
)


def compare(*names):
    """What `shared_runs.py` found, by case."""
    command = [HERE / "shared_runs.py", json.dumps(names)]
    return {
        found["case"]: found for found in map(json.loads, run_processes(command)[0].splitlines())
    }


ENLARGING = ("with autoencoder", "with projected", "spec-vae", "stylegan3")
"""What they compute with enlarges what sums in another order differ by."""


def assert_equal_runs(found):
    most = 2e-3 if any(name in found["case"] for name in ENLARGING) else 1e-4
    assert max(found["shares"].values()) < most, found
    assert found["spread"] == 0.0, "all processes have the same weights"
    for name, value in found["expected"].items():
        if name not in TIMES:
            assert found["measured"][name] == pytest.approx(value, rel=most, abs=1e-5), name


@pytest.fixture(scope="module")
def cases(request):
    """Some, or all where slow tests are run too."""
    return compare(*(() if runs_slow_tests(request) else SOME))


@pytest.mark.parametrize("name", SOME[:-1])
def test_two_processes_end_where_one_does(cases, name):
    assert_equal_runs(cases[name])


def test_batch_norm_of_each_process_alone_is_another_run(cases):
    found = cases[SOME[-1]]
    assert found["spread"] == 0.0
    assert found["shares"]["part.generator"] > 1e-3


@pytest.mark.slow
def test_every_pair_of_the_bundled_plugins_ends_where_one_process_does(cases):
    assert len(cases) >= 24
    for name, found in cases.items():
        if name != SOME[-1]:
            assert_equal_runs(found)


@pytest.mark.slow
def test_plugins_of_their_own_train_in_two_processes():
    for name, found in compare("own:genzoo-diffusion", "own:genzoo-flow").items():
        if "realnvp" in name:
            # It initialises itself from the first batch, here from the rows of rank 0.
            assert found["spread"] == 0.0
        else:
            assert_equal_runs(found)


@pytest.fixture
def folder(request, tmp_path):
    """30 images of 8x8 pixels, as files: others for each test, which decodes its own."""
    rng = np.random.default_rng(list(request.node.name.encode()))
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
        return end_processes(command)

    def checkpoint(self, name):
        return read_newest(self.place / name / "checkpoints")[0]


@pytest.fixture
def runs(folder, tmp_path):
    return Runs(folder, tmp_path)


IDLE = ("second.bias", "third.bias", "norm.running_mean")
"""Batch norm takes a bias before it off again: its gradient is zero but for rounding, of which Adam
makes steps all the same."""


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


def test_a_run_goes_on_in_any_number_of_processes_however_it_was_left(runs):
    runs.alone("parted", 3)
    (code, first, err), (other_code, second, _) = runs.together("parted", 12, "die", 1, 6)
    assert (code, other_code) == (1, -signal.SIGKILL)
    assert "ProcessGroupError: Another process of this program has ended" in err
    assert runs.checkpoint("parted").step == 4, "that of before the death"
    assert "wrote" in first
    assert "wrote" not in second
    (code, first, err), (other_code, second, _) = runs.together("parted", 12, "stop", 1, 7)
    assert (code, other_code) == (0, 0), err
    assert first.splitlines()[-1] == second.splitlines()[-1] == "ended 8 True"
    assert_close(runs.alone("parted"), runs.alone("whole"), 2e-4)
    log = (runs.place / "parted" / "metrics.jsonl").read_text()
    logged = [json.loads(line)["step"] for line in log.splitlines()]
    assert logged == sorted(set(logged))
    assert logged[-1] == 12


@pytest.mark.slow
def test_a_killed_run_goes_on_bit_for_bit_in_as_many_processes(runs):
    (code, first, err), (other_code, second, _) = runs.together("whole")
    assert (code, other_code) == (0, 0), err
    assert "decoding" in first
    assert "decoding" not in second, "one process of a machine decodes for all of it"
    runs.together("killed", 12, "die", 0, 6)
    (code, _, err), _ = runs.together("killed", 12)
    assert code == 0, err
    assert_close(runs.checkpoint("killed"), runs.checkpoint("whole"), 0.0)


@pytest.mark.slow
def test_a_process_that_fails_ends_the_other(runs):
    (code, _, err), (other_code, _, other) = runs.together("failed", 12, "fail", 1, 2)
    assert (code, other_code) == (1, 1)
    assert "The toy broke." in other
    assert "Another process of this program has ended" in err


def test_a_batch_that_does_not_divide_is_refused(runs):
    plan = make_plan(str(runs.data), batch_size=9)
    planned = PlannedRun.of(plan, make_registry())
    dataset = load_data(planned, Reporter())
    with pytest.raises(UsageError, match="does not divide among 2 processes"):
        open_session(planned, dataset, ProcessGroup(0, 2))


@pytest.mark.slow
def test_torchrun_trains_from_the_command_line(runs):
    out = runs.place / "run"
    options = ["--size", "16", "--steps", "4", "--batch-size", "8", "--width", "4", "-o", str(out)]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*torchrun, "-m", "genzoo", "train", "dcgan", runs.data, *options]
    ((code, printed, err),) = end_processes(command, size=1)
    assert code == 0, err
    assert printed.split() == [str(out)], "one process speaks for both"
    assert read_newest(out / "checkpoints")[0].step == 4
    assert (out / "artifact" / "model.safetensors").exists()


def test_the_option_is_off_by_default():
    assert TrainingConfig().sync_batch_norm is False
