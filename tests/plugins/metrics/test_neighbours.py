"""Neighbours, precision, recall, density and coverage against brute force and by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from genzoo_metrics import feature_blocks, neighbours
from genzoo_metrics import overlap as overlaps
from genzoo_metrics.neighbours import nearest, radii
from genzoo_metrics.overlap import overlap


@pytest.fixture(params=[(7, 5), (2048, 8192)], ids=["small blocks", "one block"])
def _blocks(request, monkeypatch):
    monkeypatch.setattr(feature_blocks.blocks, "__defaults__", (request.param[0],))
    monkeypatch.setattr(neighbours, "COLUMNS", request.param[1])


def draw(count, seed, scale=1.0, dimensions=3):
    return np.random.default_rng(seed).normal(0.5, scale, (count, dimensions))


def brute_force(real, fake, k):
    """The definitions, point by point."""

    def radius(points, i):
        others = [np.linalg.norm(points[i] - p) for j, p in enumerate(points) if j != i]
        return sorted(others)[k - 1]

    real_radius = [radius(real, i) for i in range(len(real))]
    fake_radius = [radius(fake, i) for i in range(len(fake))]

    def inside(point, centres, radius):
        return [np.linalg.norm(point - c) <= r for c, r in zip(centres, radius, strict=True)]

    held = [sum(inside(point, real, real_radius)) for point in fake]
    own = [
        any(np.linalg.norm(f - c) <= r for f in fake)
        for c, r in zip(real, real_radius, strict=True)
    ]
    return (
        np.mean([count > 0 for count in held]),
        np.mean([any(inside(point, fake, fake_radius)) for point in real]),
        np.mean(held) / k,
        np.mean(own),
    )


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("k", [1, 3, 5])
def test_overlap_is_that_of_the_definitions(k):
    real, fake = draw(40, 0), draw(33, 1, 1.4)
    found = overlap(real, fake, k)
    means = found.precision.mean(), found.recall.mean(), found.density.mean(), found.coverage.mean()
    assert means == pytest.approx(brute_force(real, fake, k))
    assert 0 < means[0] < 1


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("count", [33, 8, 90])
def test_without_a_group_it_is_that_of_the_other_samples(k, count):
    real, fake = draw(40, 0), draw(count, 1, 1.4)
    found = overlap(real, fake, k)
    groups = np.arange(count) % min(overlaps.GROUPS, count)
    for group in range(groups.max() + 1):
        _, recall, _, coverage = brute_force(real, fake[groups != group], k)
        assert found.recall_without[group] == pytest.approx(recall)
        assert found.coverage_without[group] == pytest.approx(coverage)
    assert len(found.recall_without) == len(found.coverage_without) == groups.max() + 1


def test_precision_and_recall_agree_with_torch_fidelity():
    from torch_fidelity.metric_prc import prc_features_to_metric

    real, fake = draw(500, 0, dimensions=16), draw(400, 1, 1.1, dimensions=16)
    theirs = prc_features_to_metric(
        torch.from_numpy(fake), torch.from_numpy(real), prc_neighborhood=3, verbose=False
    )
    ours = overlap(real, fake, 3)
    assert ours.precision.mean() == pytest.approx(theirs["precision"], rel=1e-4)
    assert ours.recall.mean() == pytest.approx(theirs["recall"], rel=1e-4)


def test_one_distribution_against_itself_has_the_known_expectations():
    found = overlap(draw(2000, 0), draw(2000, 1), 5)
    assert found.density.mean() == pytest.approx(1.0, abs=0.05)
    # 1 - product of (N - i) / (2N - i), i = 1..k, about 1 - 2^-k (Naeem et al. 2020, lemma 2).
    assert found.coverage.mean() == pytest.approx(1 - 2.0**-5, abs=0.02)


@pytest.mark.usefixtures("_blocks")
def test_nearest_is_that_of_sorting():
    points, centres = draw(30, 0).astype(np.float32), draw(41, 1).astype(np.float32)
    full = np.linalg.norm(points[:, None].astype(float) - centres[None], axis=2)
    distances, index = nearest(points, centres, 4)
    np.testing.assert_array_equal(index, np.argsort(full, axis=1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(full, axis=1)[:, :4], rtol=1e-9)


@pytest.mark.usefixtures("_blocks")
def test_a_row_is_not_its_own_neighbour_but_a_copy_of_it_is():
    points = draw(20, 0)
    points[13] = points[4]
    distances, index = nearest(points, points, 1, exclude_self=True)
    assert index[4, 0] == 13
    assert index[13, 0] == 4
    assert distances[4, 0] == 0.0
    assert (index[:, 0] != np.arange(20)).all()
    assert (radii(points, 1)[[4, 13]] == 0).all()


def test_a_copy_far_from_the_origin_is_at_distance_zero():
    centres = (draw(50, 0, dimensions=64) + 1e3).astype(np.float32)
    distances, index = nearest(centres[7:9].copy(), centres, 2)
    np.testing.assert_array_equal(index[:, 0], [7, 8])
    np.testing.assert_array_equal(distances[:, 0], [0, 0])
    assert (distances[:, 1] > 1).all()


def test_dropped_modes_cost_recall_and_coverage_and_noise_costs_precision():
    real = np.concatenate([draw(200, 0), draw(200, 1) + 20])
    half = overlap(real, real[:200].copy(), 3)
    assert (half.precision.mean(), half.recall.mean(), half.coverage.mean()) == (1.0, 0.5, 0.5)
    noisy = overlap(real, real + 5 * draw(400, 2), 3)
    assert noisy.precision.mean() < 0.5
    assert noisy.density.mean() < 0.3


def means_of(found):
    return tuple(
        float(flags.mean())
        for flags in (found.precision, found.recall, found.density, found.coverage)
    )


def exact_overlap(real, fake, k):
    """The definitions in whole numbers: squared distances of integer features (N, D)."""

    def squares(points, centres):
        return ((points[:, None] - centres[None]) ** 2).sum(2)

    def radius(points):
        others = squares(points, points)
        np.fill_diagonal(others, np.iinfo(np.int64).max)
        return np.sort(others, 1)[:, k - 1]

    between = squares(fake, real)
    inside = between <= radius(real)
    recalled = (between <= radius(fake)[:, None]).any(0)
    return (
        inside.any(1).mean(),
        recalled.mean(),
        inside.sum() / k / len(fake),
        inside.any(0).mean(),
    )


INTEGERS = st.tuples(st.integers(6, 40), st.integers(6, 40), st.integers(1, 6)).flatmap(
    lambda sizes: st.tuples(
        *(arrays(np.int64, (rows, sizes[2]), elements=st.integers(-2, 2)) for rows in sizes[:2])
    )
)


@settings(max_examples=100, deadline=None)
@given(
    sets=INTEGERS,
    k=st.integers(1, 5),
    offset=st.sampled_from([0, 3, 100_000]),
    scale=st.sampled_from([1.0, 0.1, 1e-3]),
)
def test_neighbours_at_equal_distances_are_told_as_exact_arithmetic_tells_them(
    sets, k, offset, scale
):
    real, fake = sets
    features = [(scale * (rows + offset)).astype(np.float64) for rows in (real, fake)]
    found = overlap(*features, k)
    # Away from whole numbers the features themselves are rounded, to 1e-11 of a step at most.
    assert means_of(found) == pytest.approx(exact_overlap(real, fake, k), abs=1e-12)
    groups = np.arange(len(fake)) % overlaps.GROUPS
    for group in range(len(found.recall_without)):
        rest = fake[groups != group]
        if len(rest) > k:
            _, recall, _, coverage = exact_overlap(real, rest, k)
            assert found.recall_without[group] == pytest.approx(recall)
            assert found.coverage_without[group] == pytest.approx(coverage)


@pytest.mark.parametrize("dimensions", [1, 64, 1280])
@pytest.mark.parametrize("offset", [0.0, 300.0])
def test_six_of_each_row_are_in_six_balls_of_radius_zero(dimensions, offset):
    rows = (draw(60, 0, dimensions=dimensions) + offset).astype(np.float32).repeat(6, 0)
    mixed = np.random.default_rng(1).permutation(len(rows))
    assert means_of(overlap(rows, rows[mixed], 3)) == (1.0, 1.0, 2.0, 1.0)


@pytest.mark.parametrize("dimensions", [2, 64, 1280])
def test_each_row_of_a_copy_is_in_its_own_ball_and_in_three_others_on_average(dimensions):
    rows = draw(300, 0, dimensions=dimensions).astype(np.float32)
    assert means_of(overlap(rows, rows.copy(), 3)) == pytest.approx((1.0, 1.0, 4 / 3, 1.0))


def test_small_clusters_far_apart_are_told_apart_inside():
    near = np.concatenate([1e-7 * draw(40, 0), 1e6 + 1e-7 * draw(40, 1)])
    far = np.concatenate([1e-7 * draw(40, 2), 1e6 + 1e-7 * draw(40, 3)])
    # Features near a million are multiples of 1e-10: whole numbers of those.
    real, fake = ((rows * 2**33).round() for rows in (near, far))
    expected = exact_overlap(real.astype(object), fake.astype(object), 3)
    assert means_of(overlap(real / 2**33, fake / 2**33, 3)) == pytest.approx(expected)
