"""Parameters that are spread over the processes train as whole ones do."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from process_groups import run_processes, runs_slow_tests

from genzoo.artifact.load import load_model
from genzoo.errors import CapabilityError
from genzoo.interfaces.objective import Phase
from genzoo.model.model import Model
from genzoo.plugins.manager import default_manager
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import read_newest
from genzoo.training.fsdp import check_can_shard
from genzoo.training.fsdp_tensors import full_tensor, is_sharded, local_shard, shard_like

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from sharded_run import make_plan  # noqa: E402

PAIRS = ("conv-vae with elbo", "dcgan with hinge")


def compare(*names):
    """What `sharded_runs.py` found, by case."""
    command = [HERE / "sharded_runs.py", json.dumps(names)]
    return {
        found["case"]: found for found in map(json.loads, run_processes(command)[0].splitlines())
    }


ENLARGING = ("with autoencoder", "with projected", "spec-vae", "stylegan3")
"""What they compute with enlarges what sums in another order differ by."""


def assert_equal_runs(found):
    most = 2e-3 if any(name in found["case"] for name in ENLARGING) else 1e-4
    assert max(found["shares"].values()) < most, found
    assert found["held"] < 0.6, "each of two processes keeps half of the parameters"
    for name, value in found["expected"].items():
        if "/" in name:
            assert found["measured"][name] == pytest.approx(value, rel=most, abs=1e-5), name


@pytest.fixture(scope="module")
def cases(request):
    """Some, or all where slow tests are run too."""
    return compare(*(() if runs_slow_tests(request) else PAIRS))


@pytest.mark.parametrize("name", PAIRS)
def test_sharded_processes_end_where_one_does(cases, name):
    assert_equal_runs(cases[name])


def test_a_layer_that_is_not_called_is_named_as_the_reason(cases):
    assert "without calling the layer" in cases["misused"]["refused"]


@pytest.mark.slow
def test_every_pair_of_the_bundled_plugins_is_trained_or_refused(cases):
    refused = {name for name, found in cases.items() if "refused" in found}
    assert len(cases) - len(refused) >= 14
    assert {"convgan with wgan-gp", "r3gan with r3gan"} <= refused
    for name, found in cases.items():
        if name not in refused and "apart" not in name:
            assert_equal_runs(found)


def test_a_phase_that_differentiates_gradients_is_refused():
    check_can_shard([Phase("plain", ("a",), lambda step: {})])
    with pytest.raises(CapabilityError, match="the phase 'penalty' differentiates gradients"):
        check_can_shard([Phase("penalty", ("a",), lambda step: {}, second_order=True)])


def test_whole_tensors_are_left_alone():
    tensor = torch.ones(3)
    assert not is_sharded(tensor)
    assert local_shard(tensor) is full_tensor(tensor) is tensor
    assert shard_like(tensor, torch.zeros(3)) is tensor


@pytest.fixture
def data(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (24, 16, 16, 3), np.uint8)
    np.savez(tmp_path / "images.npz", images=images)
    return tmp_path / "images.npz"


def assert_same_end(found, expected):
    """Both folders hold the same run, to the rounding of sums."""
    left, right = (read_newest(place / "checkpoints")[0] for place in (found, expected))
    assert (left.step, left.drawn) == (right.step, right.drawn)
    assert left.tensors.keys() == right.tensors.keys()
    for group, tensors in right.tensors.items():
        assert tensors.keys() == left.tensors[group].keys()
        for name, tensor in tensors.items():
            torch.testing.assert_close(left.tensors[group][name], tensor, rtol=2e-4, atol=2e-4)
    models = [load_model(p / "artifact", default_manager().registry) for p in (found, expected)]
    samples = [Model.sample(model, 4, seed=1) for model in models]
    torch.testing.assert_close(*samples, rtol=1e-3, atol=1e-3)
    names = [{path.name for path in (place / "samples").iterdir()} for place in (found, expected)]
    assert names[0] >= names[1]


def test_a_sharded_run_goes_on_whole_and_the_other_way_round(data, tmp_path):
    registry = default_manager().registry
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    train_run(make_plan(str(data), 9), whole, registry)
    run_processes([HERE / "sharded_run.py", parted, data, 3])
    resume_run(parted, registry, None, {"steps": 6, "shard": False})
    run_processes([HERE / "sharded_run.py", parted, data, 9])
    assert_same_end(parted, whole)
