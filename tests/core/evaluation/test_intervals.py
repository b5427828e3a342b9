"""Intervals of means and shares hold what they promise."""

import numpy as np
import pytest

from genzoo import Interval, bootstrap_mean, share


def test_the_error_is_that_of_a_mean():
    values = np.random.default_rng(0).normal(3.0, 2.0, 1000)
    interval = bootstrap_mean(values)
    assert interval.value == pytest.approx(values.mean())
    assert interval.error == pytest.approx(values.std() / np.sqrt(1000), rel=0.1)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * interval.error, rel=0.1)


def test_about_nineteen_of_twenty_intervals_hold_the_truth():
    random = np.random.default_rng(1)
    intervals = [bootstrap_mean(random.random(200) < 0.3, resamples=300) for _ in range(200)]
    held = sum(interval.low <= 0.3 <= interval.high for interval in intervals)
    assert 180 <= held <= 200


def test_the_same_values_give_the_same_interval():
    assert bootstrap_mean([1.0, 2.0, 4.0]) == bootstrap_mean([1.0, 2.0, 4.0])
    assert bootstrap_mean([1.0, 2.0, 4.0]) != bootstrap_mean([1.0, 2.0, 4.0], seed=1)


def test_one_value_has_no_width():
    assert bootstrap_mean([2.0]) == Interval(2.0, 2.0, 2.0, 0.0)


def test_units():
    interval = Interval(2.0, 1.0, 4.0, 0.5)
    assert interval.scaled(-2.0) == Interval(-4.0, -8.0, -2.0, 1.0)


def test_shares_have_wilsons_interval():
    # Newcombe 1998, table I: 81 of 263 and 0 of 20.
    known = share(np.repeat([1, 0], [81, 182]))
    assert (known.low, known.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    none = share(np.zeros(20))
    assert (none.value, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(0.1611, abs=5e-5)
    assert none.error > 0
    every = share(np.ones(20))
    assert (every.low, every.high) == pytest.approx((1 - 0.1611, 1.0), abs=5e-5)


def test_about_nineteen_of_twenty_shares_hold_the_truth():
    random = np.random.default_rng(2)
    intervals = [share(random.random(200) < 0.3) for _ in range(500)]
    held = sum(interval.low <= 0.3 <= interval.high for interval in intervals)
    assert 460 <= held <= 492
