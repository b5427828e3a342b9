"""The kernel distance against its definition, a reference implementation and zero."""

import numpy as np
import pytest
import torch

from genzoo import mean_of_few
from genzoo_metrics import feature_blocks
from genzoo_metrics.jackknife import GROUPS, without_groups
from genzoo_metrics.kernel_distance import (
    block_discrepancies,
    block_size,
    squared_discrepancy,
    whole_discrepancy,
)


def draw(count, seed, shift=0.0, dimensions=6):
    return np.random.default_rng(seed).normal(shift, 1.0, (count, dimensions))


def brute_force(x, y):
    def kernel(a, b):
        return (a @ b / len(a) + 1) ** 3

    n, m = len(x), len(y)
    own = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    other = sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return own + other - 2 * sum(kernel(a, b) for a in x for b in y) / (n * m)


def test_it_is_the_definition():
    x, y = draw(7, 0), draw(5, 1, 0.5)
    ours = squared_discrepancy(torch.from_numpy(x), torch.from_numpy(y))
    assert ours == pytest.approx(brute_force(x, y), rel=1e-12)


def test_agrees_with_torch_fidelity():
    from torch_fidelity.metric_kid import kid_features_to_metric

    x, y = torch.from_numpy(draw(300, 0, dimensions=32)), torch.from_numpy(draw(300, 1, 0.3, 32))
    theirs = kid_features_to_metric(x, y, kid_subsets=1, kid_subset_size=300, verbose=False)
    ours = squared_discrepancy(x, y)
    assert ours == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)


def test_one_distribution_against_itself_is_zero_on_average():
    values = [block_discrepancies(draw(400, 2 * s), draw(400, 2 * s + 1), 20) for s in range(50)]
    flat = np.concatenate(values)
    assert len(flat) == 50 * 20
    assert abs(flat.mean()) < 3 * flat.std() / np.sqrt(len(flat))
    assert (flat < 0).any()


def test_blocks_are_unbiased_for_the_distance_of_the_whole():
    x, y = draw(4000, 0), draw(3000, 1, 0.5)
    values = block_discrepancies(x, y, 100, seed=3)
    assert len(values) == 30
    whole = squared_discrepancy(torch.from_numpy(x), torch.from_numpy(y))
    assert values.mean() == pytest.approx(whole, abs=4 * values.std() / np.sqrt(30))


def test_blocks_use_each_row_at_most_once():
    # Rows far apart along axes of their own: only a shared row would make a block small.
    x = np.eye(12) * 100
    assert np.all(block_discrepancies(x, np.zeros((12, 12)), 4) < 1e9)
    again = block_discrepancies(draw(40, 0), draw(40, 1), 7, seed=5)
    np.testing.assert_array_equal(again, block_discrepancies(draw(40, 0), draw(40, 1), 7, seed=5))
    assert len(again) == 5


@pytest.mark.parametrize(("count", "size"), [(2, 2), (100, 5), (10_000, 500), (50_000, 1000)])
def test_there_are_twenty_blocks_where_they_can_be(count, size):
    assert block_size(count) == size


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_the_interval_is_as_wide_as_repetitions_spread(shift):
    real = draw(600, 1000)
    found = [block_discrepancies(real, draw(300, seed, shift), 15) for seed in range(80)]
    errors = [mean_of_few(values).error for values in found]
    spread = np.std([values.mean() for values in found], ddof=1)
    assert np.mean(errors) == pytest.approx(spread, rel=0.35)


def test_blocks_of_sorted_rows_are_fair_selections():
    # Two classes, in order here and in the opposite order there: blocks in stored order would
    # compare one class with the other.
    low, high = draw(400, 0, -3.0), draw(400, 1, 3.0)
    first, second = (
        np.concatenate([low, high]),
        np.concatenate([draw(400, 2, 3.0), draw(400, 3, -3.0)]),
    )
    values = block_discrepancies(first, second, 40)
    apart = squared_discrepancy(torch.from_numpy(low), torch.from_numpy(high))
    assert abs(values.mean()) < 4 * values.std(ddof=1) / np.sqrt(len(values)) < 0.2 * apart


@pytest.mark.parametrize("rows", [5, 2048])
@pytest.mark.parametrize(("n", "m"), [(12, 33), (33, 12), (40, 40), (8, 8)])
def test_all_pairs_are_those_of_the_definition_with_all_samples_and_without_each_group(
    n, m, rows, monkeypatch
):
    monkeypatch.setattr(feature_blocks.blocks, "__defaults__", (rows,))
    x, y = draw(n, 0), draw(m, 1, 0.5)
    value, without = whole_discrepancy(x, y)
    assert value == pytest.approx(brute_force(x, y), rel=1e-9)
    groups = np.arange(m) % min(GROUPS, m)
    expected = [brute_force(x, y[groups != group]) for group in range(groups.max() + 1)]
    np.testing.assert_allclose(without, expected, rtol=1e-9)


def test_all_pairs_agree_with_torch_fidelity():
    from torch_fidelity.metric_kid import kid_features_to_metric

    x, y = (draw(300, seed, 0.3 * seed, 32) for seed in (0, 1))
    theirs = kid_features_to_metric(
        torch.from_numpy(x), torch.from_numpy(y), kid_subsets=1, kid_subset_size=300, verbose=False
    )
    assert whole_discrepancy(x, y)[0] == pytest.approx(
        theirs["kernel_inception_distance_mean"], rel=1e-9
    )


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_the_interval_of_all_pairs_is_as_wide_as_samples_make_it_spread(shift):
    real = draw(300, 1000)
    found = [without_groups(*whole_discrepancy(real, draw(300, seed, shift))) for seed in range(80)]
    spread = np.std([one.value for one in found], ddof=1)
    assert np.mean([one.error for one in found]) == pytest.approx(spread, rel=0.35)
