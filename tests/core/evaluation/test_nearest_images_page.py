"""The page of samples beside the training images that are nearest to them."""

from __future__ import annotations

import numpy as np
import pytest

from genzoo.evaluation import nearest_images_page as page


@pytest.mark.parametrize("block", [7, 1024])
def test_the_nearest_rows_are_found_block_by_block(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "BLOCK", block)
    random = np.random.default_rng(0)
    data = random.normal(size=(50, 6)).astype(np.float32)
    samples = np.concatenate([random.normal(size=(20, 6)).astype(np.float32), data[[31, 4]]])
    every = np.linalg.norm(samples[:, None].astype(np.float64) - data[None], axis=2)
    distances, index = page._nearest(samples, data, 3)
    np.testing.assert_array_equal(index, every.argsort(1)[:, :3])
    np.testing.assert_allclose(distances, np.sort(every, 1)[:, :3], rtol=1e-12)
    assert distances[-2:, 0].tolist() == [0.0, 0.0]


def test_a_copy_is_at_distance_zero_however_large_the_features_are() -> None:
    data = (1e4 + np.random.default_rng(0).normal(size=(40, 8))).astype(np.float32)
    distances, index = page._nearest(data, data, 2)
    assert index[:, 0].tolist() == list(range(40))
    assert not distances[:, 0].any()
    assert distances[:, 1].all()
