"""Intervals of few values, and of what hangs on all samples, hold what they promise."""

import numpy as np
import pytest

from genzoo import mean_of_few, share
from genzoo.evaluation.student import student_quantile
from genzoo_metrics.jackknife import (
    share_of_dependent,
    without_groups,
)
from genzoo_metrics.overlap import overlap


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
