"""Data to judge a model by are opened as the model's samples are."""

from __future__ import annotations

import numpy as np
import pytest

from genzoo import DataError, RawSamples, SampleSpec, UsageError
from genzoo.evaluation.open_data import LEAST, open_beside
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo.registry import Registry

KIND = ImageKind(ImageOptions(size=16))
SPEC = SampleSpec(shape=(3, 8, 8), low=0.0, high=1.0, classes=("cat", "dog", "emu"))
IMAGES = np.zeros((LEAST, 8, 8, 3), np.uint8)
LABELS = np.arange(LEAST) % 2


def raw(*classes: str) -> RawSamples:
    return RawSamples(IMAGES, LABELS, classes)


def test_classes_have_the_numbers_that_the_model_gives_them() -> None:
    found = open_beside(raw("emu", "cat"), KIND, SPEC, Registry())
    assert found.labels is not None
    assert found.labels.tolist() == [2, 0] * (LEAST // 2)
    assert found.classes == found.spec.classes == SPEC.classes


def test_classes_that_the_model_lacks_are_refused_unless_labels_are_not_asked_for() -> None:
    with pytest.raises(DataError, match="fox"):
        open_beside(raw("cat", "fox"), KIND, SPEC, Registry())
    found = open_beside(raw("cat", "fox"), KIND, SPEC, Registry(), labelled=False)
    assert (found.spec.classes, len(found)) == ((), LEAST)
    with pytest.raises(UsageError, match="no labels"):
        open_beside(RawSamples(IMAGES), KIND, SPEC, Registry())


def test_samples_are_made_as_large_as_the_models() -> None:
    large = np.zeros((LEAST, 40, 30, 3), np.uint8)
    assert open_beside(large, KIND, SPEC, Registry(), labelled=False).spec.shape == SPEC.shape


def test_too_few_are_refused() -> None:
    with pytest.raises(UsageError, match=f"too few images: {LEAST - 1}"):
        open_beside(IMAGES[1:].repeat(8, 1), KIND, SPEC, Registry(), labelled=False)
