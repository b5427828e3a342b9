"""Evaluations while a run trains: logged, harmless to the training, and the best model is kept."""

import json

import pytest
import torch
from bundled_metrics import manager_with_metrics

import genzoo
from genzoo.errors import CapabilityError, ConfigError, UnknownNameError
from genzoo.evaluation.evaluation_record import EvaluationRecord, Value
from genzoo.specs import parse_config
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import read_newest
from genzoo.training.evaluate_while_training import better
from genzoo.training.reporter import Reporter
from genzoo.training.training_config import TrainingConfig

EVALUATE = {"evaluate_every": 4, "evaluate_count": 20, "evaluate_features": "pixels"}
NAMES = {"evaluation/Kernel distance", "evaluation/Kernel distance of all pairs"}


@pytest.fixture
def registry(registry):
    """The toys, with metrics to judge them by."""
    for entries in (manager_with_metrics().registry[kind] for kind in kinds()):
        for entry in entries.values():
            if entry.full_name not in registry[type(entry.record)]:
                registry.add_all([entry.record], "genzoo", "1")
    return registry


def kinds():
    return (genzoo.MetricSpec, genzoo.FeatureSpec)


def evaluations(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return {line["step"]: line for line in lines if line.keys() >= NAMES}


def weights(folder):
    return read_newest(folder / "checkpoints")[0].tensors


class Heard(Reporter):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def test_numbers_are_logged_at_their_steps_and_at_the_end(make_plan, registry, tmp_path):
    train_run(make_plan(steps=10, **EVALUATE), tmp_path / "run", registry)
    assert list(evaluations(tmp_path / "run")) == [4, 8, 10]


def test_the_training_is_the_one_without_evaluations(make_plan, registry, tmp_path):
    train_run(make_plan(), tmp_path / "plain", registry)
    train_run(make_plan(**EVALUATE, keep_best="kernel-distance"), tmp_path / "run", registry)
    for group, tensors in weights(tmp_path / "plain").items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, weights(tmp_path / "run")[group][name]), f"{group}/{name}"


def test_a_resumed_run_measures_the_same(make_plan, registry, tmp_path):
    train_run(make_plan(steps=12, **EVALUATE), tmp_path / "whole", registry)
    train_run(make_plan(steps=8, **EVALUATE), tmp_path / "parts", registry)
    resume_run(tmp_path / "parts", registry, changes={"steps": 12})
    one, other = (evaluations(tmp_path / name) for name in ("whole", "parts"))
    assert [{n: one[step][n] for n in NAMES} for step in (4, 8, 12)] == [
        {n: other[step][n] for n in NAMES} for step in (4, 8, 12)
    ]


def test_the_best_model_is_kept_with_its_record(make_plan, registry, tmp_path):
    heard = Heard()
    plan = make_plan(steps=12, **EVALUATE, keep_best="kernel-distance")
    train_run(plan, tmp_path / "run", registry, heard)
    found = evaluations(tmp_path / "run")
    step = min(found, key=lambda step: found[step]["evaluation/Kernel distance"])
    best = tmp_path / "run" / "best"
    record = EvaluationRecord.read(best)
    assert record.values[0].value == found[step]["evaluation/Kernel distance"]
    assert json.loads((best / "config.json").read_text())["training"]["steps"] == step
    assert any(f"kept in {best}" in note for note in heard.notes)
    model = genzoo.load(best, registry=registry)
    assert model.sample(2).shape[0] == 2


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"evaluate_metrics": ("beauty",)}, UnknownNameError),
        ({"evaluate_metrics": ("classes",)}, CapabilityError),
        ({"keep_best": "beauty"}, UnknownNameError),
        ({"evaluate_features": "beauty"}, UnknownNameError),
    ],
)
def test_what_cannot_be_measured_is_refused_before_training(
    make_plan, registry, tmp_path, options, error
):
    with pytest.raises(error):
        train_run(make_plan(**(EVALUATE | options)), tmp_path / "run", registry)
    assert not (tmp_path / "run").exists()


def test_the_best_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="keep_best needs evaluate_every"):
        parse_config(TrainingConfig, {"keep_best": "kernel-distance"}, "training")


@pytest.mark.parametrize(("which", "expected"), [("lower", True), ("higher", False)])
def test_better_is_what_the_metric_says(which, expected):
    def value(number):
        return Value(metric="m", name="n", value=number, low=0, high=9, error=1, better=which)

    assert better(value(1.0), value(2.0)) is expected
    assert better(value(2.0), value(2.0)) is False
