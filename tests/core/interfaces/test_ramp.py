"""Ramps go from 0 to 1 and stay there."""

import math

import pytest

from genzoo import ramp


@pytest.mark.parametrize("shape", ["linear", "cosine"])
def test_ends_and_middle(shape):
    values = [ramp(position, 10, shape) for position in range(-3, 14)]
    assert values[:4] == [0.0] * 4
    assert values[8] == pytest.approx(0.5)
    assert values[13:] == [1.0] * 4
    assert values == sorted(values)


def test_shapes():
    assert ramp(2.5, 10) == 0.25
    assert ramp(2.5, 10, "cosine") == pytest.approx((1 - math.cos(math.pi / 4)) / 2)


@pytest.mark.parametrize("length", [0, -5])
def test_without_length_it_is_at_the_end(length):
    assert ramp(0, length) == 1.0
