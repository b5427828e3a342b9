"""Batch normalisation over the rows of several processes is that of one with all of them."""

import copy
import json
from pathlib import Path

import pytest
import torch
from process_groups import run_processes
from torch import nn

from genzoo.distributed.process_group import SINGLE_PROCESS
from genzoo.distributed.sync_batch_norm import SyncedBatchNorm, synced
from genzoo.training.data_parallel import unify_buffers


@pytest.fixture(scope="module")
def found():
    script = Path(__file__).with_name("synced_rows.py")
    return [json.loads(out) for out in run_processes([script])]


@pytest.mark.parametrize("what", ["output", "slope", "gradients", "buffers", "evaluated"])
def test_two_processes_normalise_as_one_does(found, what):
    for process in found:
        assert process["kind"] == "SyncedBatchNorm"
        assert process[what] < 1e-10


def test_a_variance_that_is_small_beside_the_mean_is_not_lost_to_cancellation(found):
    for process in found:
        # A mean of 1000 in float32 is known to 6e-5, which is 6e-4 of the deviation of 0.1.
        assert process["far"] < 3e-3
        assert process["far_variance"] < 1e-5


def test_names_and_types_stay(found):
    for rank, process in enumerate(found):
        assert process["names"]
        dtype, values = process["half"]
        assert dtype == "torch.bfloat16"
        # Half of the rows are 0 and half are 1: a deviation of 0.5 from the mean.
        assert values == pytest.approx([2.0 * rank - 1.0] * 2, rel=1e-2)


def test_one_process_normalises_as_torch_does():
    torch.manual_seed(0)
    x = torch.randn(5, 3, 4, 4).to(memory_format=torch.channels_last)
    for options in ({}, {"affine": False}, {"momentum": None}, {"track_running_stats": False}):
        plain = nn.BatchNorm2d(3, **options)
        layer = SyncedBatchNorm(copy.deepcopy(plain), SINGLE_PROCESS)
        for _ in range(2):
            expected, y = plain(x), layer(x)
        torch.testing.assert_close(y, expected)
        assert y.is_contiguous(memory_format=torch.channels_last)
        assert plain.state_dict().keys() == layer.state_dict().keys()
        for name, value in plain.state_dict().items():
            torch.testing.assert_close(layer.state_dict()[name], value)
        torch.testing.assert_close(layer.eval()(x), plain.eval()(x))


def test_only_torchs_own_layers_are_replaced():
    class Other(nn.BatchNorm1d):
        pass

    network = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.BatchNorm1d(2)), Other(2))
    weight = network[1][0].weight
    assert synced(network, SINGLE_PROCESS) is network
    assert isinstance(network[1][0], SyncedBatchNorm)
    assert network[1][0].weight is weight
    assert type(network[2]) is Other
    assert isinstance(synced(nn.BatchNorm3d(2), SINGLE_PROCESS), SyncedBatchNorm)


def test_buffers_of_one_process_stay():
    network = nn.BatchNorm1d(2)
    network.running_mean.fill_(3.0)
    unify_buffers(SINGLE_PROCESS, [network])
    assert network.running_mean.tolist() == [3.0, 3.0]
