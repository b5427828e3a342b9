"""The Fréchet distance of unlimited samples against the true distance of Gaussians."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from genzoo import UsageError
from genzoo_metrics.extrapolated_frechet import (
    ExtrapolatedFrechetDistance,
    distances_of_parts,
    extrapolated,
)
from genzoo_metrics.frechet_distance import Gaussian, fit_gaussian, frechet_distance, square_root

DIMENSIONS = 16


def true_gaussian(scale, shift):
    return Gaussian(
        torch.full((DIMENSIONS,), shift, dtype=torch.float64),
        torch.eye(DIMENSIONS, dtype=torch.float64) * scale**2,
        10**9,
    )


def draw(count, seed, scale=1.5, shift=0.1):
    random = np.random.default_rng(seed)
    return random.normal(size=(count, DIMENSIONS)) * scale + shift


def subject_of(fake):
    """A subject whose data are the standard normal distribution itself."""
    data = true_gaussian(1.0, 0.0)
    rows = torch.cat([data.mean.unsqueeze(0), data.covariance]).numpy()
    return SimpleNamespace(
        space="", fake=fake, real=np.empty((10**6, 0)), derived=lambda name, compute: rows
    )


def test_a_line_over_one_by_n_is_followed_to_its_end():
    sizes = np.array([1000.0, 500.0, 250.0])
    value, error = extrapolated(sizes, 3.0 + 40 / sizes)
    assert value == pytest.approx(3.0, rel=1e-12)
    assert error == pytest.approx(0.0, abs=1e-9)
    assert extrapolated(sizes[:2], 3.0 + 40 / sizes[:2])[1] == 0.0


def test_the_error_of_the_end_is_that_of_least_squares():
    sizes = 1 / np.array([1.0, 2.0, 3.0, 4.0])
    noise = np.array([0.1, -0.1, -0.1, 0.1])
    value, error = extrapolated(sizes, 5 + 2 / sizes + noise)
    # Residuals are the noise, which no line takes up: s² = 0.04 / 2, and 1/4 + 2.5² / 5 = 1.5.
    assert value == pytest.approx(5.0)
    assert error == pytest.approx(np.sqrt(0.02 * 1.5))


def test_it_comes_nearer_to_the_truth_than_the_distance_of_all_samples():
    truth = frechet_distance(true_gaussian(1.0, 0.0), true_gaussian(1.5, 0.1))
    plain, better = [], []
    for seed in range(12):
        fake = draw(400, seed)
        (estimate,) = ExtrapolatedFrechetDistance().measure(subject_of(fake))
        better.append(estimate.interval.value - truth)
        plain.append(frechet_distance(true_gaussian(1.0, 0.0), fit_gaussian(fake)) - truth)
        assert estimate.interval.low < estimate.interval.value < estimate.interval.high
    assert np.mean(plain) > 0.2
    assert abs(np.mean(better)) < np.mean(plain) / 4


def test_its_interval_holds_the_truth_nearly_always():
    truth = frechet_distance(true_gaussian(1.0, 0.0), true_gaussian(1.5, 0.1))
    inside = 0
    for seed in range(40):
        (estimate,) = ExtrapolatedFrechetDistance().measure(subject_of(draw(600, seed)))
        inside += estimate.interval.low <= truth <= estimate.interval.high
    assert inside >= 34


def test_every_sample_is_in_one_part_of_each_size():
    fake, data = draw(120, 0), true_gaussian(1.0, 0.0)
    root = square_root(data.covariance)
    sizes, distances = distances_of_parts(data, fake, 3, root)
    assert sizes.tolist() == [120, 60, 40]
    halves = [frechet_distance(data, fit_gaussian(part)) for part in (fake[:60], fake[60:])]
    assert distances[0] == pytest.approx(frechet_distance(data, fit_gaussian(fake)))
    assert distances[1] == pytest.approx(np.mean(halves))


def test_too_few_samples_are_refused_with_how_many_it_takes():
    with pytest.raises(UsageError, match="too few to extrapolate") as caught:
        ExtrapolatedFrechetDistance().measure(subject_of(draw(40, 0)))
    assert "at least 48 with --count" in caught.value.hint
