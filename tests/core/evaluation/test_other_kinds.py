"""Evaluation of what is not an image."""

import numpy as np
import points_kind
import pytest

import genzoo
from genzoo.errors import CapabilityError, UsageError

CIRCLE = points_kind.circle().samples


@pytest.fixture
def registry(manager):
    manager.add(points_kind, "genzoo-points", "0.3")
    return manager.registry


@pytest.fixture
def model(registry):
    return genzoo.build("point-vae", registry=registry, seed=1)


def test_points_are_compared_by_their_coordinates(model, registry, values):
    record = genzoo.evaluate(model, CIRCLE, count=50, registry=registry)
    assert record.protocol.features.name == "genzoo/values"
    assert record.protocol.samples.quantisation == "float32"
    assert record.protocol.data.shape == (2,)
    assert {"Fréchet distance", "Precision", "Coverage", "Copies"} <= set(values(record))
    assert "PSNR" not in values(record)


def test_a_metric_is_that_of_the_points_themselves(model, registry, values):
    from genzoo_metrics.frechet_distance import fit_gaussian, frechet_distance

    found = genzoo.evaluate(
        model, CIRCLE, count=50, metrics=["frechet-distance"], registry=registry
    )
    samples = model.sample(50).numpy()
    spec, span = model.sample_spec, np.abs(CIRCLE).max()
    unit = (samples.clip(spec.low, spec.high) - spec.low) / (spec.high - spec.low)
    expected = frechet_distance(fit_gaussian(CIRCLE), fit_gaussian((2 * unit - 1) * span))
    assert values(found)["Fréchet distance"] == pytest.approx(expected, rel=1e-3)


def test_what_is_for_images_alone_is_refused(model, registry):
    with pytest.raises(UsageError, match="is for image, not for points"):
        genzoo.evaluate(model, CIRCLE, count=50, features="pixels", registry=registry)
    with pytest.raises(CapabilityError, match="reconstruction does not apply"):
        genzoo.evaluate(model, CIRCLE, count=50, metrics=["reconstruction"], registry=registry)


def test_data_are_read_with_the_options_of_the_model_itself(registry, values, tmp_path):
    """As turned points the ellipse lies along the other axis."""
    ellipse = (CIRCLE * [3, 1]).astype(np.float32)
    chosen = {"count": 200, "metrics": ["frechet-distance"], "registry": registry}
    np.savetxt(tmp_path / "points.csv", ellipse, delimiter=",")
    found = []
    for turned in (False, True):
        model = genzoo.build("point-vae", seed=1, registry=registry, span=3.0, turned=turned)
        record = genzoo.evaluate(model, tmp_path, **chosen)
        found.append(values(record)["Fréchet distance"])
        assert record.protocol.data.count == len(CIRCLE)
    assert found[0] != pytest.approx(found[1], rel=0.01)
