"""Several feature spaces in one evaluation: samples are drawn once, and each has its numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import painters
import pytest
from bundled_metrics import manager_with_metrics

import genzoo
from genzoo import EvaluationRecord
from genzoo.errors import UsageError
from genzoo.evaluation.compare import check_comparable
from genzoo.evaluation.reproduce import plan_of

REGISTRY = manager_with_metrics().registry
DATA = painters.paintings(150, seed=5)


class Counting(painters.Painter):
    """Counts the samples that it paints."""

    painted = 0

    def forward(self, z: Any, labels: Any = None) -> Any:
        self.painted += len(z)
        return super().forward(z)


def evaluate(features: Any, **options: Any) -> EvaluationRecord:
    chosen = {"metrics": ["frechet-distance", "precision-recall"], "count": 60} | options
    model = painters.painted(painters.Painter())
    return genzoo.evaluate(model, DATA, registry=REGISTRY, features=features, **chosen)


def test_numbers_are_those_of_each_space_by_itself() -> None:
    both = {value.name: value.value for value in evaluate(["pixels", "values"]).values}
    for space, ending in (("pixels", ""), ("values", " (values)")):
        for value in evaluate(space).values:
            assert both[f"{value.name}{ending}"] == pytest.approx(value.value, rel=1e-9)
    assert len(both) == 6


def test_samples_are_drawn_once() -> None:
    generator = Counting()
    model = painters.painted(generator)
    options: dict[str, Any] = {"metrics": ["kernel-distance"], "count": 60, "registry": REGISTRY}
    genzoo.evaluate(model, DATA, features=["pixels", "values"], **options)
    assert generator.painted == 60


def test_what_does_not_look_at_features_is_measured_once() -> None:
    model = painters.painted(painters.Painter())
    record = genzoo.evaluate(
        model, DATA, features=["pixels", "values"], count=60, registry=REGISTRY
    )
    names = [value.name for value in record.values]
    assert len(names) == len(set(names))
    assert {"Copies", "Copies (values)"} <= set(names)


def test_the_record_names_both_spaces_and_can_be_run_again(tmp_path: Path) -> None:
    record = evaluate(["pixels", "values"])
    path = tmp_path / "record.json"
    record.save(path)
    read = EvaluationRecord.read(path)
    assert read == record
    assert [space.name for space in read.protocol.more_features] == ["genzoo/values"]
    assert plan_of(read).features == ("genzoo/pixels", "genzoo/values")
    with pytest.raises(UsageError, match="more_features"):
        check_comparable(record, evaluate(["pixels"]))


def test_a_space_that_is_named_twice_counts_once() -> None:
    assert evaluate(["pixels", "pixels"]).protocol.more_features == ()


def test_attributes_come_with_the_evaluation(tmp_path: Path) -> None:
    path = tmp_path / "labels.npz"
    bright = DATA[:, :, :4].mean((1, 2, 3)) > DATA[:, :, 4:].mean((1, 2, 3))
    np.savez(path, side=np.where(bright, "left", "right"))
    record = evaluate("pixels", metrics=["attributes"], attributes=path)
    values = {value.name: value.value for value in record.values}
    assert values["side: accuracy"] > 0.9
    assert values["side left"] + values["side right"] == pytest.approx(1.0)
    assert "labels" in record.parameters["genzoo/attributes"]
