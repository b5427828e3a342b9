"""Nothing that is not finite is ever kept or published, wherever it hides."""

import os
import signal
from contextlib import contextmanager

import numpy as np
import points_kind
import pytest
import torch
import toy_objectives

from genzoo import load
from genzoo.artifact.tensors import is_finite
from genzoo.data.open_dataset import open_dataset
from genzoo.distributed.process_group import ProcessGroup
from genzoo.errors import DataError, DivergenceError
from genzoo.training import begin_and_resume as start
from genzoo.training.begin_and_resume import resume_run, train_run
from genzoo.training.checkpoint import list_checkpoints, read_checkpoint, read_newest
from genzoo.training.divergence import check_finite, divergence_hint
from genzoo.training.reporter import Reporter

POISONS = {
    "weights": lambda trainer: trainer.session.parts["generator"].last.weight,
    "running statistics": lambda trainer: trainer.session.parts["generator"].norm.running_var,
    "averaged weights": lambda trainer: next(trainer.session.ema.module.parameters()),
    "optimiser": lambda trainer: next(
        iter(trainer.session.optimizers["discriminator"].state.values())
    )["exp_avg_sq"],
}


@contextmanager
def poisoned(where, value, step):
    """Puts a value into a tensor of the run when a step is complete."""

    class Poisoned(start.Trainer):
        def _take_step(self):
            super()._take_step()
            if self.step == step:
                tensor = POISONS[where](self).detach()
                tensor[(0,) * tensor.dim()] = value

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(start, "Trainer", Poisoned)
        yield


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("where", POISONS)
def test_what_breaks_at_the_step_of_a_checkpoint_is_not_kept(
    tmp_path, registry, make_plan, where, value
):
    out = tmp_path / "run"
    seen = r"near step 8: .*step-000000004 is kept"
    with poisoned(where, value, step=8), pytest.raises(DivergenceError, match=seen) as caught:
        train_run(make_plan(), out, registry)
    assert caught.value.hint == "Start again with a lower --learning-rate."
    (kept,) = list_checkpoints(out / "checkpoints")
    tensors = read_checkpoint(kept).tensors
    assert all(is_finite(tensor) for group in tensors.values() for tensor in group.values())
    assert load(out, registry=registry).sample(2).isfinite().all()


def test_the_last_good_checkpoint_goes_on_as_if_nothing_had_been(tmp_path, registry, make_plan):
    whole, out = tmp_path / "whole", tmp_path / "run"
    train_run(make_plan(), whole, registry)
    with poisoned("optimiser", float("inf"), step=8), pytest.raises(DivergenceError):
        train_run(make_plan(), out, registry)
    assert resume_run(out, registry).steps == 12
    expected, found = (read_newest(run / "checkpoints")[0].tensors for run in (whole, out))
    for group, tensors in expected.items():
        for name, tensor in tensors.items():
            assert torch.equal(tensor, found[group][name]), f"{group}/{name}"


@pytest.mark.parametrize("step", range(4, 9))
def test_a_loss_that_is_no_number_is_seen_within_the_lines_of_the_log(
    tmp_path, registry, make_plan, step
):
    reached = []

    class Watcher(Reporter):
        def stepped(self, step):
            reached.append(step)

    plan = make_plan(log_every=3, objective_config={"poison_at": step})
    with pytest.raises(DivergenceError, match="discriminator/real"):
        train_run(plan, tmp_path / "run", registry, Watcher())
    assert reached[-1] - step <= 3
    text = (tmp_path / "run" / "metrics.jsonl").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text


def test_the_state_of_an_objective_is_looked_at_too(tmp_path, registry, make_plan, monkeypatch):
    out = tmp_path / "run"
    state = toy_objectives.ToyAdversarial.state_dict

    def broken(self):
        return {**state(self), "strength": torch.tensor(float("inf"))}

    monkeypatch.setattr(toy_objectives.ToyAdversarial, "state_dict", broken)
    with pytest.raises(DivergenceError, match="strength in objective"):
        train_run(make_plan(), out, registry)
    assert not list_checkpoints(out / "checkpoints")


def test_an_interrupted_run_that_diverged_keeps_the_checkpoint_before(
    tmp_path, registry, make_plan
):
    class Impatient(Reporter):
        def stepped(self, step):
            if step == 6:
                os.kill(os.getpid(), signal.SIGINT)

    out = tmp_path / "run"
    plan = make_plan(log_every=100, objective_config={"poison_at": 5})
    with pytest.raises(DivergenceError, match="step-000000004 is kept"):
        train_run(plan, out, registry, Impatient())
    assert [path.name for path in list_checkpoints(out / "checkpoints")] == ["step-000000004"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_data_that_are_no_finite_numbers_are_refused_before_training(tmp_path, value):
    points = np.zeros((9, 2), np.float32)
    points[7, 1] = value
    path = tmp_path / "points.npz"
    np.savez(path, points=points)
    kind = points_kind.PointsKind(points_kind.PointOptions(span=1.0))
    for data in (str(path), points):
        with pytest.raises(DataError, match="point 7") as caught:
            open_dataset(data, kind)
        assert "finite" in caught.value.message


def test_full_precision_is_proposed_to_those_alone_who_have_another():
    assert "--precision" not in divergence_hint("fp32")
    assert "--precision fp32" in divergence_hint("bf16")


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_process_that_is_finite_stops_with_the_one_that_is_not(tmp_path, elsewhere):
    class OneOfTwo(ProcessGroup):
        def any(self, flag):
            return flag or elsewhere

    processes = OneOfTwo(rank=1, size=2)
    finite = {"generator": {"weight": torch.ones(3)}}
    if not elsewhere:
        check_finite({"loss": 1.0}, finite, 5, tmp_path, processes)
        return
    with pytest.raises(DivergenceError, match="near step 5: a weight is no longer a finite"):
        check_finite({"loss": 1.0}, finite, 5, tmp_path, processes)
