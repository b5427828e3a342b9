"""Gradients of a move have a greatest norm, and those that are not numbers move nothing."""

import math

import pytest
import torch
from resuming import logged, train_and_resume
from torch import nn

from genzoo.errors import DivergenceError
from genzoo.interfaces.objective import Phase
from genzoo.interfaces.prior import StandardNormal
from genzoo.interfaces.training_step import Batch, Step
from genzoo.specs import LatentSpec
from genzoo.training.phase_runner import PhaseEngine

PRIOR = StandardNormal(LatentSpec(shape=(1,)))


def weigh(part, slope, poison=1.0):
    """A loss whose gradient for the one weight of `part` is `slope`."""
    return lambda step: {"value": step.part(part)(step.batch.x).sum(1) * (slope * poison)}


def prepared(phases, clip):
    """An engine over two parts of one weight, both 0, that go down their gradients."""
    parts = {name: nn.Linear(1, 1, bias=False) for name in ("a", "b")}
    for part in parts.values():
        nn.init.zeros_(part.weight)
    optimizers = {name: torch.optim.SGD(part.parameters(), lr=1.0) for name, part in parts.items()}
    return PhaseEngine(phases, parts, optimizers, clip_gradient=clip), parts


def run_step(engine, parts):
    step = Step(index=0, total=1, batch=Batch(torch.ones(4, 1)), parts=parts, prior=PRIOR)
    engine.run(0, lambda: [step])


def moves(phases, clip):
    """How far each part went in one step, and the log."""
    engine, parts = prepared(phases, clip)
    run_step(engine, parts)
    return {name: -part.weight.item() for name, part in parts.items()}, engine.meter.read()


def test_each_move_is_clipped_by_itself_and_its_norm_is_logged():
    phases = [Phase("one", ("a",), weigh("a", 30.0)), Phase("other", ("b",), weigh("b", 0.25))]
    moved, log = moves(phases, 1.5)
    assert moved == pytest.approx({"a": 1.5, "b": 0.25}, rel=1e-4)
    assert log["one/gradient_norm"] == pytest.approx(30.0)
    assert log["other/gradient_norm"] == pytest.approx(0.25)


def test_parts_that_move_together_have_one_norm():
    phases = [
        Phase("one", ("a",), weigh("a", 3.0), optimizer_step=False),
        Phase("other", ("b",), weigh("b", 4.0)),
    ]
    moved, log = moves(phases, 2.5)
    assert moved == pytest.approx({"a": 1.5, "b": 2.0}, rel=1e-4)
    assert log["other/gradient_norm"] == pytest.approx(5.0)
    assert "one/gradient_norm" not in log


def test_gradients_left_without_an_optimizer_step_are_clipped_at_the_end_of_the_step():
    moved, log = moves([Phase("one", ("a",), weigh("a", 3.0), optimizer_step=False)], 1.0)
    assert moved["a"] == pytest.approx(1.0, rel=1e-4)
    assert log["one/gradient_norm"] == pytest.approx(3.0)


def test_without_a_limit_nothing_is_scaled_or_logged():
    moved, log = moves([Phase("one", ("a",), weigh("a", 30.0))], None)
    assert moved["a"] == pytest.approx(30.0, rel=1e-4)
    assert "one/gradient_norm" not in log


@pytest.mark.parametrize("poison", [math.nan, math.inf])
def test_a_gradient_that_is_no_number_stops_before_the_weights_move(poison):
    phases = [Phase("one", ("a",), weigh("a", 1.0, poison))]
    engine, parts = prepared(phases, 1.0)
    with pytest.raises(DivergenceError, match="gradient of phase 'one'") as caught:
        run_step(engine, parts)
    assert "--learning-rate" in caught.value.hint
    assert parts["a"].weight.item() == 0.0


def test_a_clipped_run_resumes_bit_for_bit_and_logs_norms(tmp_path, registry, make_plan):
    train_and_resume(make_plan(clip_gradient=0.01, accumulate=2), registry, tmp_path, stop=5)
    for line in logged(tmp_path / "whole"):
        assert line["discriminator/gradient_norm"] > 0.01
        assert line["generator/gradient_norm"] > 0
