"""Metrics and feature spaces that other packages bring."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import metric_plugin
import numpy as np
import painters
import pytest
from environments import Environment, write_wheel

import genzoo
from genzoo import FeatureSpec, MetricSpec, hookimpl
from genzoo.errors import CapabilityError, PluginError, UsageError
from genzoo.evaluation import choose_metrics
from genzoo.evaluation.choose_metrics import choose_features
from genzoo.media.image_kind import ImageKind
from genzoo.media.image_options import ImageOptions
from genzoo.plugins.manager import PluginManager

DATA = painters.paintings(60, seed=5)


@pytest.fixture
def with_plugin(manager: PluginManager) -> PluginManager:
    manager.add(metric_plugin, "genzoo-brightness", "2.5")
    return manager


def evaluate(manager: PluginManager, **options: object) -> genzoo.EvaluationRecord:
    model = painters.painted(painters.Painter())
    return genzoo.evaluate(model, DATA, count=20, registry=manager.registry, **options)


def test_a_plugins_metric_and_features_work_like_genzoos_own(with_plugin: PluginManager) -> None:
    record = evaluate(with_plugin, features="colours", metrics=["brightness", "frechet-distance"])
    assert [value.name for value in record.values] == ["Brightness", "Spread", "Fréchet distance"]
    assert record.values[1].metric == "genzoo-brightness/brightness"
    assert record.values[1].unit == "levels"
    samples = painters.painted(painters.Painter()).sample(20)
    assert record.values[0].value == pytest.approx(float(samples.mean()), rel=1e-5)
    features = record.protocol.features
    assert (features.name, features.hash) == ("genzoo-brightness/colours", "colours-1")
    assert record.versions["genzoo-brightness"] == "2.5"
    assert record.parameters["genzoo-brightness/brightness"] == {"weights": "equal"}


@pytest.mark.parametrize(
    ("through", "warned"),
    [
        ((), False),
        ((("genzoo-brightness/colours", "colours-1"),), True),
        ((("genzoo-brightness/colours", "colours-0"),), False),
    ],
)
def test_a_number_in_a_network_that_trained_the_model_carries_a_warning(
    with_plugin: PluginManager, through: tuple[tuple[str, str], ...], warned: bool
) -> None:
    model = painters.painted(painters.Painter())
    model.feature_networks = through
    record = genzoo.evaluate(
        model,
        DATA,
        registry=with_plugin.registry,
        count=50,
        features="colours",
        metrics=["brightness", "memorisation"],
    )
    about = [any("flatters" in text for text in value.warnings) for value in record.values]
    assert any(about) is warned
    assert all(about) is warned


def test_a_number_without_features_is_not_said_to_be_flattered(with_plugin: PluginManager) -> None:
    model = painters.painted(painters.Painter())
    model.feature_networks = (("genzoo/pixels", "pixels-1"),)
    entry = with_plugin.registry[MetricSpec].find("brightness")
    spec = replace(entry.record, name="plain", target="metric_plugin:PlainBrightness")
    with_plugin.registry.add_all([spec], "genzoo-plain", "1")
    record = genzoo.evaluate(
        model,
        DATA,
        registry=with_plugin.registry,
        count=50,
        features="pixels",
        metrics=["plain", "precision-recall"],
    )
    plain, *others = record.values
    assert not plain.warnings
    assert all(any("trained through genzoo/pixels" in w for w in one.warnings) for one in others)


def test_it_is_measured_by_default_where_it_applies(with_plugin: PluginManager) -> None:
    names = {value.name for value in evaluate(with_plugin, features="pixels").values}
    assert {"Brightness", "Precision", "Copies"} <= names
    assert "ELBO" not in names
    with pytest.raises(CapabilityError, match="vectors does not apply"):
        evaluate(with_plugin, metrics=["vectors"])


def test_a_feature_space_without_its_modules_is_refused(with_plugin: PluginManager) -> None:
    with pytest.raises(UsageError, match="needs no_such_module"):
        evaluate(with_plugin, features="dreams")


@pytest.mark.parametrize(("preferred", "chosen"), [(0, "pixels"), (25, "own"), (99, "own")])
def test_the_default_feature_space_is_the_preferred_one_that_is_installed(
    manager: PluginManager, preferred: int, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lite,) = [
        entry.record
        for entry in manager.registry[FeatureSpec].values()
        if entry.record.name == "efficientnet-lite0"
    ]
    kind, registry = ImageKind(ImageOptions()), manager.registry
    assert choose_features(None, kind, registry).record == lite
    monkeypatch.setattr(choose_metrics, "missing_modules", list)
    assert choose_features(None, kind, registry).record.name == "pixels"
    spec = FeatureSpec(name="own", target="metric_plugin:Colours", preferred=preferred)
    registry.add_all([spec], "genzoo-own", "1")
    assert choose_features(None, kind, registry).record.name == chosen


def test_without_any_feature_space_one_is_to_be_named() -> None:
    with pytest.raises(UsageError, match="no feature space"):
        choose_features(None, ImageKind(ImageOptions()), PluginManager().registry)


def test_without_any_metric_nothing_is_measured() -> None:
    model = painters.painted(painters.Painter())
    with pytest.raises(UsageError, match="There is no metric for"):
        choose_metrics.choose_metrics((), model, PluginManager().registry)


def test_a_metric_finds_the_model_in_evaluation_mode(manager: PluginManager) -> None:
    manager.add(metric_plugin, "genzoo-brightness", "2.5")
    model = painters.painted(painters.Painter()).train()
    seen = []

    def measure(self: object, subject: genzoo.Subject) -> list[genzoo.Estimate]:
        seen.append(subject.model.training)
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metric_plugin.Brightness, "measure", measure)
        genzoo.evaluate(
            model,
            DATA,
            count=20,
            features="pixels",
            metrics=["brightness"],
            registry=manager.registry,
        )
    assert seen == [False]
    assert model.training


def test_a_broken_metric_is_named(manager: PluginManager) -> None:
    class Broken:
        @hookimpl
        def genzoo_metrics(self) -> list[MetricSpec]:
            return [MetricSpec(name="odd", target="collections:OrderedDict")]

    manager.add(Broken(), "genzoo-broken")
    with pytest.raises(PluginError, match=r"genzoo-broken/odd is not a genzoo\.Metric"):
        evaluate(manager, features="pixels", metrics=["odd"])


PLUGIN = """
    from genzoo import FeatureSpec, MetricSpec, hookimpl

    @hookimpl
    def genzoo_metrics():
        return [MetricSpec(name="contrast", target="genzoo_contrast.metric:Contrast")]

    @hookimpl
    def genzoo_features():
        return [FeatureSpec(name="colours", target="genzoo_contrast.features:Colours")]
"""
FEATURES = """
    from genzoo import FeatureExtractor

    class Colours(FeatureExtractor):
        hash = "colours-1"

        def extract(self, images):
            return images.float().flatten(1, 2).mean(1)
"""
METRIC = """
    from genzoo import Estimate, Metric, bootstrap_mean

    class Contrast(Metric):
        def measure(self, subject):
            samples = subject.samples(0, subject.settings.count)
            values = samples.flatten(1).std(1).double().numpy()
            return [
                Estimate(name="Contrast", interval=bootstrap_mean(values), better="higher")
            ]
"""


@pytest.mark.slow
def test_an_installed_metric_and_feature_space_judge_a_bundled_model(tmp_path: Path) -> None:
    environment = Environment.create(tmp_path / "environment")
    files = {
        "genzoo_contrast/__init__.py": PLUGIN,
        "genzoo_contrast/metric.py": METRIC,
        "genzoo_contrast/features.py": FEATURES,
    }
    environment.install(write_wheel(tmp_path, "genzoo-contrast", files))
    images = np.random.default_rng(0).integers(0, 256, (10, 64, 64, 3), np.uint8)
    np.savez(tmp_path / "data.npz", images=images)
    result = environment.genzoo(
        *("evaluate", "peeps-gan", tmp_path / "data.npz", "-n", "8", "--features", "colours"),
        *("--metrics", "contrast", "--metrics", "precision-recall", "--json"),
    )
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert "genzoo-contrast/colours" in json.dumps(record["protocol"])
    value, precision, _ = record["values"]
    assert precision["name"] == "Precision"
    assert (value["metric"], value["name"]) == ("genzoo-contrast/contrast", "Contrast")
    assert 0 < value["value"] < 1
