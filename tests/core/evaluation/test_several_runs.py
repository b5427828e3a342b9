"""One record of several trainings: means over them, and intervals that cover another one."""

import math
from pathlib import Path
from typing import Any

import painters
import pytest
import torch
from bundled_metrics import manager_with_metrics
from torch import Tensor

import genzoo
from genzoo import EvaluationRecord
from genzoo.errors import DataError, UsageError
from genzoo.evaluation.reproduce import check_protocol
from genzoo.evaluation.several_runs import record_of_runs

REGISTRY = manager_with_metrics().registry
DATA = painters.paintings(150, seed=5)


class Brighter(painters.Painter):
    """Paints brighter than it should, each in its own way."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.register_buffer("by", torch.tensor(by))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return (super().forward(z) + self.by).clamp(-1, 1)


def evaluated(by: float, **options: Any) -> EvaluationRecord:
    chosen = {"metrics": ["frechet-distance"], "count": 60, "features": "pixels"} | options
    model = painters.painted(Brighter(by))
    return genzoo.evaluate(model, DATA, registry=REGISTRY, **chosen)


@pytest.fixture(scope="module")
def records() -> list[EvaluationRecord]:
    return [evaluated(by) for by in (0.1, 0.2, 0.3)]


def test_numbers_are_means_with_students_interval(records: list[EvaluationRecord]) -> None:
    numbers = [record.values[0].value for record in records]
    (value,) = record_of_runs(records).values
    mean = sum(numbers) / 3
    error = math.sqrt(sum((x - mean) ** 2 for x in numbers) / 2 / 3)
    assert value.value == pytest.approx(mean)
    assert value.error == pytest.approx(error)
    assert value.high - value.value == pytest.approx(4.3027 * error, rel=1e-4)


def test_each_training_is_in_the_record(records: list[EvaluationRecord], tmp_path: Path) -> None:
    whole = record_of_runs(records)
    whole.save(tmp_path / "seeds.json")
    read = EvaluationRecord.read(tmp_path / "seeds.json")
    assert read == whole
    assert [run.model.weights for run in read.runs] == [one.model.weights for one in records]
    found = [run.find(read.values[0]) for run in read.runs]
    assert [one.value for one in found if one] == [one.values[0].value for one in records]


def test_it_is_not_run_again_as_one(records: list[EvaluationRecord]) -> None:
    with pytest.raises(DataError, match="of several trainings") as caught:
        check_protocol(record_of_runs(records))
    assert "each by itself" in caught.value.hint


def test_one_model_twice_and_other_protocols_are_refused(records: list[EvaluationRecord]) -> None:
    with pytest.raises(UsageError, match="same weights"):
        record_of_runs([records[0], records[0]])
    with pytest.raises(UsageError, match="different protocols"):
        record_of_runs([records[0], evaluated(0.2, count=50)])
    with pytest.raises(UsageError, match="at least two"):
        record_of_runs(records[:1])
