"""The Fréchet distance against closed forms, a reference implementation and its own spread."""

from types import SimpleNamespace

import numpy as np
import painters
import pytest
import torch
from bundled_metrics import manager_with_metrics

import genzoo
from genzoo import bootstrap_mean
from genzoo_metrics import feature_blocks, inception
from genzoo_metrics.frechet_distance import (
    FrechetDistance,
    Gaussian,
    fit_gaussian,
    frechet_distance,
    frechet_influence,
    square_root,
)
from genzoo_metrics.plain_features import PooledPixels


def draw(count, dimensions, seed, scale=1.0, shift=0.0):
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(dimensions, dimensions))
    return random.normal(size=(count, dimensions)) @ mixing * scale + shift


def gaussian(mean, covariance):
    return Gaussian(
        torch.as_tensor(mean, dtype=torch.float64),
        torch.as_tensor(covariance, dtype=torch.float64),
        1000,
    )


def test_diagonal_gaussians_in_closed_form():
    first = gaussian([0, 1, 2], torch.diag(torch.tensor([1.0, 4.0, 9.0])))
    second = gaussian([3, 1, -2], torch.diag(torch.tensor([4.0, 4.0, 1.0])))
    assert frechet_distance(first, second) == pytest.approx(9 + 16 + 1 + 0 + 4, rel=1e-12)


def test_gaussians_with_one_basis_in_closed_form():
    basis = torch.linalg.qr(torch.from_numpy(draw(6, 6, 0))).Q
    a, b = torch.linspace(0.1, 5, 6).double(), torch.linspace(7, 0.2, 6).double()
    first = gaussian(np.zeros(6), basis * a @ basis.T)
    second = gaussian(np.full(6, 2.0), basis * b @ basis.T)
    expected = 6 * 4.0 + float((a.sqrt() - b.sqrt()).square().sum())
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-12)


def test_one_dimension_is_the_distance_of_means_and_deviations():
    first, second = gaussian([1.0], [[9.0]]), gaussian([3.0], [[4.0]])
    assert frechet_distance(first, second) == pytest.approx(4 + 1)


def test_it_is_symmetric_and_zero_for_equals():
    first, second = (fit_gaussian(draw(500, 8, seed)) for seed in (0, 1))
    one, other = frechet_distance(first, second), frechet_distance(second, first)
    assert one == pytest.approx(other, rel=1e-9)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-9)


def test_a_covariance_of_less_than_full_rank_is_no_trouble():
    few, many = fit_gaussian(draw(10, 40, 0)), fit_gaussian(draw(4000, 40, 1))
    assert torch.linalg.matrix_rank(few.covariance) == 9
    # Against itself scaled by 4: the means' square plus (2 - 1)² tr(S).
    scaled = Gaussian(few.mean * 2, few.covariance * 4, 10)
    expected = float(few.mean.square().sum() + few.covariance.trace())
    assert frechet_distance(few, scaled) == pytest.approx(expected, rel=1e-7)
    assert np.isfinite(frechet_distance(few, many))


def test_moments_do_not_depend_on_the_blocks(monkeypatch):
    features = draw(103, 5, 0, shift=1e4)
    whole = fit_gaussian(features)
    monkeypatch.setattr(feature_blocks.blocks, "__defaults__", (10,))
    pieces = fit_gaussian(features)
    np.testing.assert_allclose(pieces.covariance, np.cov(features.T), rtol=1e-9)
    torch.testing.assert_close(pieces.covariance, whole.covariance, rtol=1e-10, atol=0)
    np.testing.assert_allclose(pieces.mean, features.mean(0), rtol=1e-12)


@pytest.mark.parametrize("dimensions", [3, 64])
def test_agrees_with_torch_fidelity(dimensions):
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    first, second = draw(300, dimensions, 0), draw(200, dimensions, 1, 1.3, 0.5)
    theirs = fid_statistics_to_metric(
        *(fid_features_to_statistics(torch.from_numpy(x)) for x in (first, second)), verbose=False
    )["frechet_inception_distance"]
    ours = frechet_distance(fit_gaussian(first), fit_gaussian(second))
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_the_root_is_the_root():
    matrix = fit_gaussian(draw(50, 7, 0)).covariance
    torch.testing.assert_close(square_root(matrix) @ square_root(matrix), matrix)


def test_influence_is_the_derivative():
    data, features = fit_gaussian(draw(400, 4, 0)), draw(60, 4, 1, 1.5, 0.7)

    def distance_with(weights):
        weights = weights / weights.sum()
        mean = weights @ features
        centred = features - mean
        return frechet_distance(data, gaussian(mean, (centred * weights[:, None]).T @ centred))

    plain = np.ones(60)
    mean, centred = features.mean(0), features - features.mean(0)
    samples = gaussian(mean, centred.T @ centred / 60)
    influence = frechet_influence(data, samples, features)
    for row in (0, 17, 59):
        moved = plain.copy()
        moved[row] += 1e-5
        slope = (distance_with(moved) - distance_with(plain)) / 1e-5 * 60
        assert influence[row] == pytest.approx(slope, rel=1e-3, abs=1e-3)
    assert influence.mean() == pytest.approx(0, abs=1e-9)


def test_the_interval_is_as_wide_as_repetitions_spread():
    data = fit_gaussian(draw(20_000, 4, 0))
    distances, errors = [], []
    for seed in range(60):
        features = draw(1000, 4, seed + 1, 1.2, 0.3)
        samples = fit_gaussian(features)
        distances.append(frechet_distance(data, samples))
        errors.append(bootstrap_mean(frechet_influence(data, samples, features)).error)
    assert np.mean(errors) == pytest.approx(np.std(distances, ddof=1), rel=0.3)


def evaluate(**options):
    model = painters.painted(painters.Painter())
    data = painters.paintings(200, seed=5)
    chosen = {"count": 100, "features": "pixels"} | options
    return genzoo.evaluate(model, data, registry=manager_with_metrics().registry, **chosen)


def subject_of(real):
    """A subject of which only features are known."""
    data = SimpleNamespace(kind=SimpleNamespace(array="images"))
    return SimpleNamespace(space="", real=real, data=data, derived=lambda name, compute: compute())


def test_few_samples_for_many_features_bring_a_warning(values):
    record = evaluate(metrics=["frechet-distance"], count=50)
    (text,) = record.values[0].warnings
    assert text.startswith("50 samples do not span 192 features")
    assert "by how much cannot be told" in text
    assert values(record)["Fréchet distance"] > 0


@pytest.mark.parametrize("count", [20, 60])
def test_the_bias_of_few_samples_is_told_where_the_data_tell_it(count):
    random = np.random.default_rng(0)
    real = random.normal(size=(3000, 64)).astype(np.float32)
    subject = subject_of(real)
    subject.fake = random.normal(size=(count, 64)).astype(np.float32)
    (estimate,) = FrechetDistance().measure(subject)
    (text,) = estimate.warnings
    # Samples and data are of one distribution: all of the distance is bias.
    told = float(text.partition("by about ")[2].partition(":")[0])
    assert told == pytest.approx(estimate.interval.value, rel=0.1)
    assert f"{count} images of the data to the other images" in text


def test_few_images_of_the_data_are_told_from_few_samples():
    random = np.random.default_rng(0)
    real = random.normal(size=(30, 64)).astype(np.float32)
    subject = subject_of(real)
    subject.fake = random.normal(size=(500, 64)).astype(np.float32)
    (estimate,) = FrechetDistance().measure(subject)
    assert estimate.warnings[0].startswith("30 images of the data do not span 64 features")
    assert "cannot be told from 30 images" in estimate.warnings[0]


def test_the_distance_is_called_fid_in_inceptions_features_alone(monkeypatch):
    metrics = ["frechet-distance", "kernel-distance"]
    names = [value.name for value in evaluate(metrics=metrics).values]
    assert names == ["Fréchet distance", "Kernel distance", "Kernel distance of all pairs"]
    monkeypatch.setattr(inception, "InceptionV3Features", PooledPixels)
    record = evaluate(metrics=metrics, features="inception-v3")
    assert [value.name for value in record.values] == ["FID", "KID", "KID of all pairs"]
