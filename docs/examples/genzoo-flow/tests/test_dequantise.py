"""From levels to real numbers: nothing is lost and probabilities sum to one."""

from __future__ import annotations

import math

import pytest
import torch

from genzoo import BatchNoise, SampleSpec
from genzoo_flow.dequantise import LEVELS, bits_per_dimension, dequantise

RANGES = [(0.0, 1.0), (-1.0, 1.0)]


def every_level(low, high):
    """All levels, each a sample of one value, in double precision."""
    x = torch.linspace(low, high, LEVELS, dtype=torch.float64).view(-1, 1)
    return x, SampleSpec(shape=(1,), low=low, high=high)


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_values_stay_in_the_cell_that_rounds_to_their_level(low, high):
    x, sample = every_level(low, high)
    for seed in range(20):
        spread, _ = dequantise(x, sample, BatchNoise(LEVELS, seed))
        assert spread.min() >= low
        assert spread.max() <= high
        levels = ((spread - low) / (high - low) * 255).round().flatten()
        assert torch.equal(levels, torch.arange(256, dtype=torch.float64))


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_the_cells_tile_the_range(low, high):
    x, sample = every_level(low, high)
    _, log_volume = dequantise(x, sample, BatchNoise(LEVELS, 0))
    volumes = log_volume.exp()
    assert volumes.sum().item() == pytest.approx(high - low)
    assert volumes[0].item() == pytest.approx(volumes[1].item() / 2)


def test_values_are_spread_over_the_whole_cell():
    sample = SampleSpec(shape=(1,), low=0.0, high=1.0)
    for level, width in ((0, 0.5), (7, 1.0), (255, 0.5)):
        x = torch.full((4000, 1), level / 255)
        spread, _ = dequantise(x, sample, BatchNoise(4000, 1))
        assert (spread.max() - spread.min()).item() * 255 == pytest.approx(width, abs=0.01)


def test_volumes_of_a_sample_multiply_and_the_noise_is_all_there_is():
    sample = SampleSpec(shape=(1, 2, 2), low=0.0, high=1.0)
    x = torch.full((3, 1, 2, 2), 7 / 255)
    first, log_volume = dequantise(x, sample, BatchNoise(3, 5))
    torch.testing.assert_close(log_volume, torch.full((3,), -4 * math.log(255)))
    assert torch.equal(first, dequantise(x, sample, BatchNoise(3, 5))[0])
    assert not torch.equal(first, dequantise(x, sample, BatchNoise(3, 6))[0])


def test_the_best_model_of_256_equal_levels_pays_8_bits():
    """Its density is 1 / (256 V) in a cell of volume V."""
    x, sample = every_level(0.0, 1.0)
    _, log_volume = dequantise(x, sample, BatchNoise(LEVELS, 0))
    log_density = -math.log(256) - log_volume
    nats = -(log_density + log_volume)
    bits = bits_per_dimension(nats, sample)
    torch.testing.assert_close(bits, torch.full((LEVELS,), 8.0, dtype=torch.float64))


def test_bits_are_shared_among_the_dimensions():
    sample = SampleSpec(shape=(3, 2, 2))
    nats = torch.tensor([12 * math.log(2.0)])
    torch.testing.assert_close(bits_per_dimension(nats, sample), torch.ones(1))
