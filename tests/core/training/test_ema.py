"""The moving average: lerp parameters, copy buffers, warm up."""

import pytest
import torch
from torch import nn

from genzoo.training.ema import ExponentialMovingAverage


def test_parameters_are_averaged_with_warm_up():
    source = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(source.weight)
    ema = ExponentialMovingAverage(source, 0.9)
    nn.init.ones_(source.weight)
    expected = 0.0
    for step in range(200):
        ema.update(step)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay)
        assert ema.module.weight.item() == pytest.approx(expected, abs=1e-5)
    assert expected == pytest.approx(1.0, abs=1e-4)


def test_buffers_are_copied():
    source = nn.BatchNorm1d(2)
    ema = ExponentialMovingAverage(source, 0.999)
    source(torch.randn(8, 2) + 5)
    ema.update(0)
    assert torch.equal(ema.module.running_mean, source.running_mean)
    assert ema.module.num_batches_tracked == 1


def test_the_average_is_apart_from_the_source():
    source = nn.Linear(2, 2)
    ema = ExponentialMovingAverage(source, 0.5)
    assert not ema.module.training
    assert not any(p.requires_grad for p in ema.module.parameters())
    before = source.weight.detach().clone()
    ema.update(0)
    assert torch.equal(source.weight, before)


def test_decay_zero_is_the_source():
    source = nn.Linear(2, 2)
    ema = ExponentialMovingAverage(source, 0.0)
    nn.init.ones_(source.weight)
    ema.update(0)
    assert torch.equal(ema.module.weight, source.weight)
