"""What is judged: samples drawn as the settings say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genzoo import Model
from genzoo.data.open_dataset import open_dataset
from genzoo.evaluation.settings import Settings
from genzoo.evaluation.subject import Subject
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo_metrics.plain_features import StoredValues


@pytest.mark.parametrize(
    "chosen",
    [{}, {"seed": 7}, {"prior": "shifted"}, {"truncation": 0.5}],
    ids=lambda chosen: next(iter(chosen), "none"),
)
def test_samples_are_those_that_the_settings_name(
    toy_vae: Model, tmp_path: Path, chosen: dict[str, Any]
) -> None:
    """Those of features too, and in every batch."""
    images = np.zeros((9, *toy_vae.sample_spec.shape[1:], 3), np.uint8)
    data = open_dataset(images, ImageKind(ImageOptions()))
    settings = Settings(count=10, batch_size=4, **chosen)
    subject = Subject(toy_vae, data, settings, StoredValues(toy_vae.device), "x/y", tmp_path)
    expected = toy_vae.sample(10, **chosen)
    torch.testing.assert_close(subject.samples(0, 10), expected)
    torch.testing.assert_close(subject.samples(6, 3), expected[6:9])
    rows = data.kind.rows(expected, toy_vae.sample_spec).reshape(10, -1)
    np.testing.assert_allclose(subject.fake, rows, atol=1)
    if chosen:
        assert not torch.allclose(expected, toy_vae.sample(10))
