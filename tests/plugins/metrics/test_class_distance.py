"""The Fréchet distance within classes."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from genzoo_metrics.class_distance import ClassDistance, class_distance
from genzoo_metrics.frechet_distance import fit_gaussian, frechet_distance


def rows(count, shift, seed):
    return (np.random.default_rng(seed).normal(size=(count, 3)) + shift).astype(np.float32)


def subject(real, known, fake, given):
    spec = SimpleNamespace(classes=("cats", "dogs", "eels"), conditional=True)
    return SimpleNamespace(
        real=real,
        real_labels=np.array(known),
        fake=fake,
        sample_labels=lambda start, count: torch.tensor(given[start : start + count]),
        model=SimpleNamespace(sample_spec=spec),
        space="genzoo/pixels",
    )


def test_each_class_is_compared_with_its_own_images():
    real = np.concatenate([rows(500, 0, 0), rows(400, 9, 1), rows(3, 0, 2)])
    fake = np.concatenate([rows(300, 0, 3), rows(300, 11, 4), rows(300, 0, 5)])
    known, given = [0] * 500 + [1] * 400 + [2] * 3, [0] * 300 + [1] * 300 + [2] * 300
    found = ClassDistance().measure(subject(real, known, fake, given))
    names = {estimate.name: estimate for estimate in found}
    cats = frechet_distance(fit_gaussian(real[:500]), fit_gaussian(fake[:300]))
    dogs = frechet_distance(fit_gaussian(real[500:900]), fit_gaussian(fake[300:600]))
    assert names["Fréchet distance of cats"].interval.value == pytest.approx(cats)
    assert dogs == pytest.approx(12, abs=1.5)
    mean = names["Intra-class Fréchet distance"]
    assert mean.interval.value == pytest.approx((cats + dogs) / 2)
    assert mean.interval.low < mean.interval.value < mean.interval.high
    assert "Fréchet distance of eels" not in names
    assert mean.warnings == ("Too little to judge eels: fewer than 8 of each.",)


def test_classes_in_each_others_place_are_seen_where_the_whole_is_the_same():
    real, known = np.concatenate([rows(400, 0, 0), rows(400, 9, 1)]), [0] * 400 + [1] * 400
    right, wrong = (
        ClassDistance().measure(subject(real, known, real[::-1], given))[0].interval.value
        for given in ([1] * 400 + [0] * 400, [0] * 400 + [1] * 400)
    )
    assert right == pytest.approx(0, abs=1e-6)
    assert wrong == pytest.approx(3 * 81, rel=0.05)


def test_the_interval_is_over_the_draw_of_the_samples():
    real = rows(5000, 0, 0)
    found = [class_distance(real, rows(200, 1, seed)) for seed in range(1, 31)]
    spread = np.std([one.value for one in found], ddof=1)
    assert np.mean([one.error for one in found]) == pytest.approx(spread, rel=0.35)


def test_classes_with_less_than_features_bring_a_warning():
    real, fake = rows(20, 0, 0), rows(20, 0, 1)
    wide = [np.random.default_rng(n).normal(size=(20, 40)).astype(np.float32) for n in (0, 1)]
    assert not ClassDistance().measure(subject(real, [0] * 20, fake, [0] * 20))[0].warnings[:-1]
    (mean, *_) = ClassDistance().measure(subject(wide[0], [0] * 20, wide[1], [0] * 20))
    assert mean.warnings[0].startswith("1 of 1 classes have fewer images or samples than the 40")
