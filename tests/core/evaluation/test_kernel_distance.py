"""The kernel distance against its definition, a reference implementation and zero."""

import numpy as np
import pytest
import torch

from genzoo.evaluation.statistics.bootstrap import bootstrap_mean
from genzoo.evaluation.statistics.kernel import (
    block_discrepancies,
    block_size,
    squared_discrepancy,
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
    blocks = [block_discrepancies(real, draw(300, seed, shift), 15) for seed in range(80)]
    errors = [bootstrap_mean(values, resamples=100).error for values in blocks]
    spread = np.std([values.mean() for values in blocks], ddof=1)
    assert np.mean(errors) == pytest.approx(spread, rel=0.35)
