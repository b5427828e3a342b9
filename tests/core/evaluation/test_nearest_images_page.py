"""The page of samples beside the training images that are nearest to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import painters
import pytest

from genzoo.data.open_dataset import open_dataset
from genzoo.evaluation import nearest_images_page as page
from genzoo.evaluation.settings import Settings
from genzoo.evaluation.subject import Subject
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo_metrics.plain_features import StoredValues


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


def test_each_sample_stands_before_the_images_that_are_nearest_to_it(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), np.uint8)
    data = open_dataset(images, ImageKind(ImageOptions()))
    spec = painters.painted(painters.Painter()).sample_spec
    copies, _ = data.batch(np.arange(9), spec)
    model = painters.painted(painters.Copying(copies))
    settings = Settings(count=30)
    subject = Subject(model, data, settings, StoredValues(model.device), "x/y", tmp_path)
    with np.load(page.save_pictures(subject, tmp_path / "page.npz")) as content:
        shown = content["images"].astype(float)
    groups = shown.reshape(-1, 1 + page.NEIGHBOURS, *images.shape[1:])
    assert len(groups) == page.GROUPS * page.ROWS
    for sample, *nearest in groups:
        assert (nearest[0] == sample).all()
        distances = np.square(images - sample).reshape(60, -1).sum(1)
        for place, number in enumerate(distances.argsort()[: page.NEIGHBOURS]):
            assert (nearest[place] == images[number]).all()
