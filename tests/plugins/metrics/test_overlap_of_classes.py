"""Numbers of each class."""

import numpy as np
import painters
import pytest
import torch
from bundled_metrics import manager_with_metrics

import genzoo
from genzoo import Model, RawSamples, SampleSpec

CLASSES = ("left", "right", "rare")


class ByClass(painters.Painter):
    """Paints the half that the label asks for; the right half only in one colour."""

    def forward(self, z, labels=None):
        side = torch.where(labels == 0, 1.0, -1.0)[:, None]
        colours = torch.where(labels[:, None] == 0, z[:, 1:], torch.full((len(z), 3), 0.1))
        return super().forward(torch.cat([side, colours], 1))


class Labelled(painters.Painting):
    def __init__(self):
        super().__init__()
        self.sample = SampleSpec(shape=self.sample.shape, classes=CLASSES)


def halves():
    images = painters.paintings(300, seed=5)
    # The other half is black.
    right = (images[:, 0, 0] == 0).all(1)
    labels = right.astype(np.int64)
    labels[:3] = 2
    return RawSamples(images, labels, CLASSES)


@pytest.fixture
def registry():
    return manager_with_metrics().registry


def test_each_class_is_judged_by_its_own_images(registry, values):
    model = Model("tests/labelled", Labelled(), {"generator": ByClass()})
    record = genzoo.evaluate(
        model, halves(), count=300, features="pixels", metrics=["classes"], registry=registry
    )
    found = values(record)
    assert set(found) == {
        f"{what} of {name}" for what in ("Precision", "Recall") for name in ("left", "right")
    }
    assert found["Precision of left"] > 0.9
    assert found["Recall of left"] > 0.8
    assert found["Recall of right"] < 0.3


def test_models_without_classes_have_none(registry):
    with pytest.raises(genzoo.UsageError, match="does not apply"):
        genzoo.evaluate(
            painters.painted(painters.Painter()),
            painters.paintings(20, seed=5),
            count=20,
            features="pixels",
            metrics=["classes"],
            registry=registry,
        )
