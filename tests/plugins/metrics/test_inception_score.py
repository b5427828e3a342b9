"""The inception score against closed forms and torch-fidelity's."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from genzoo import CapabilityError
from genzoo_metrics.inception_score import InceptionScore, inception_scores


def test_samples_that_are_surely_of_many_classes_score_their_number():
    features = np.eye(5, dtype=np.float32)[np.arange(50) % 5] * 100
    scores = inception_scores(features, torch.eye(5), splits=2)
    assert scores == pytest.approx([5.0, 5.0], rel=1e-6)


def test_samples_that_are_alike_score_one():
    features = np.ones((20, 4), np.float32)
    assert inception_scores(features, torch.randn(7, 4), 4) == pytest.approx([1.0] * 4)


def test_agrees_with_torch_fidelity():
    from torch_fidelity.metric_isc import isc_features_to_metric

    torch.manual_seed(0)
    features, weight = torch.randn(95, 12), torch.randn(30, 12)
    theirs = isc_features_to_metric(features @ weight.T, splits=10, shuffle=False)
    ours = inception_scores(features.numpy(), weight, 10)
    assert ours.mean() == pytest.approx(theirs["inception_score_mean"], rel=1e-5)
    assert ours.std() == pytest.approx(theirs["inception_score_std"], rel=1e-4)


def test_other_features_are_refused():
    with pytest.raises(CapabilityError, match="defined on inception-v3") as caught:
        InceptionScore().measure(SimpleNamespace(space="genzoo/pixels"))
    assert "--features inception-v3" in caught.value.hint
