"""Copies of training data: how near samples are beside how near others are."""

from __future__ import annotations

import numpy as np
import pytest

from genzoo_metrics.memorisation import nearer_than


@pytest.mark.parametrize(
    ("samples", "others", "expected"),
    [
        ([1.0], [2.0, 3.0], [1.0]),
        ([4.0], [2.0, 3.0], [0.0]),
        ([2.5], [2.0, 3.0], [0.5]),
        ([2.0], [2.0, 3.0], [0.75]),
        ([0.0, 0.0], [0.0, 0.0, 0.0], [0.5, 0.5]),
    ],
)
def test_ties_count_half(samples: list[float], others: list[float], expected: list[float]) -> None:
    assert nearer_than(np.array(samples), np.array(others)).tolist() == expected


def test_it_is_the_share_of_others_that_are_farther() -> None:
    random = np.random.default_rng(0)
    samples, others = (random.integers(0, 9, count).astype(np.float64) for count in (40, 31))
    farther = (others > samples[:, None]) + 0.5 * (others == samples[:, None])
    np.testing.assert_allclose(nearer_than(samples, others), farther.mean(1))
