"""Intervals hold what they promise."""

import numpy as np
import pytest

from genzoo.evaluation.statistics.bootstrap import (
    Interval,
    bootstrap_mean,
    mean_of_few,
    share,
    share_of_dependent,
    student_quantile,
    without_groups,
)
from genzoo.evaluation.statistics.manifold import overlap


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


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    # Abramowitz and Stegun 1964, table 26.10.
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262), (19, 2.093), (60, 2.000),
     (120, 1.980)],
)  # fmt: skip
def test_students_quantiles_are_those_of_the_tables(freedom, quantile):
    assert student_quantile(0.975, freedom) == pytest.approx(quantile, abs=5e-4)
    assert student_quantile(0.5, freedom) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("freedom", "quantile"), [(1, 63.657), (6, 3.707), (29, 2.756)])
def test_so_are_those_of_rarer_values(freedom, quantile):
    assert student_quantile(0.995, freedom) == pytest.approx(quantile, abs=5e-4)


@pytest.mark.parametrize("count", [2, 4, 20])
def test_nineteen_of_twenty_intervals_of_a_few_normal_values_hold_the_truth(count):
    random = np.random.default_rng(7)
    intervals = [mean_of_few(random.normal(3.0, 2.0, count)) for _ in range(2000)]
    held = np.mean([one.low <= 3.0 <= one.high for one in intervals])
    assert held == pytest.approx(0.95, abs=0.02)
    assert np.mean([one.error**2 for one in intervals]) == pytest.approx(4.0 / count, rel=0.1)


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(8).normal(3.0, 2.0, 2000)
    groups = np.arange(2000) % 20
    found = without_groups(values.mean(), [values[groups != group].mean() for group in range(20)])
    assert found.error == pytest.approx(2.0 / np.sqrt(2000), rel=0.3)
    assert found.high - found.value == pytest.approx(2.093 * found.error, rel=1e-3)


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


def test_shares_of_independent_flags_left_out_in_groups_have_the_usual_error():
    flags = np.random.default_rng(3).random(2000) < 0.3
    without = [np.delete(flags, np.s_[group::20]).mean() for group in range(20)]
    found = share_of_dependent(flags, without)
    assert found.value == flags.mean()
    assert found.error == pytest.approx(np.sqrt(0.3 * 0.7 / 2000), rel=0.4)


def test_shares_that_hang_together_have_a_wider_interval():
    flags = np.repeat(np.random.default_rng(4).random(100) < 0.3, 20)
    without = [
        np.delete(flags, np.s_[100 * group : 100 * group + 100]).mean() for group in range(20)
    ]
    found, independent = share_of_dependent(flags, without), share(flags)
    assert found.error > 3 * independent.error
    assert found.low < independent.low < independent.high < found.high


def test_shares_that_nothing_changes_keep_wilsons_interval():
    assert share_of_dependent(np.ones(50), np.ones(20)) == share(np.ones(50))


def test_ends_of_a_share_stay_shares():
    found = share_of_dependent([1, 1, 1, 0], [0.0, 1.0])
    assert (found.low, found.high) == (0.0, 1.0)


def test_about_nineteen_of_twenty_coverages_hold_the_expected_one():
    real = np.random.default_rng(5).normal(size=(150, 2))
    found = [
        overlap(real, np.random.default_rng(seed).normal(size=(150, 2)), 3) for seed in range(100)
    ]
    truth = np.mean([one.coverage.mean() for one in found])
    intervals = [share_of_dependent(one.coverage, one.coverage_without) for one in found]
    assert sum(one.low <= truth <= one.high for one in intervals) >= 93
    spread = np.std([one.value for one in intervals])
    assert np.mean([one.error for one in intervals]) < 2 * spread
