"""Optimisers: lazy correction and state that survives a round trip."""

import pytest
import torch
from torch import nn

from genzoo.errors import CheckpointError
from genzoo.interfaces.objective import Objective, OptimizerSettings, Phase
from genzoo.training.optimizers import OptimizerState, build_optimizers, lazy_ratio


class Plain(Objective):
    def __init__(self):
        pass

    def phases(self):
        return [phase("main"), phase("penalty", every=16)]

    def optimizer(self, part):
        return OptimizerSettings(learning_rate=0.002, betas=(0.0, 0.99))


def phase(name, every=1, optimizer_step=True, repeat=1, trains=("critic",)):
    return Phase(
        name, trains, lambda s: {}, every=every, optimizer_step=optimizer_step, repeat=repeat
    )


def test_lazy_ratio_is_k_over_k_plus_one():
    assert lazy_ratio("critic", [phase("main"), phase("penalty", every=16)]) == pytest.approx(
        16 / 17
    )
    assert lazy_ratio("critic", [phase("main"), phase("penalty", every=4)]) == pytest.approx(4 / 5)


def test_a_phase_without_an_optimizer_step_adds_no_move_and_needs_no_correction():
    assert (
        lazy_ratio("critic", [phase("penalty", every=4, optimizer_step=False), phase("main")])
        == 1.0
    )


def test_phases_of_other_parts_do_not_count():
    assert lazy_ratio("critic", [phase("main", repeat=5), phase("g", trains=("generator",))]) == 1.0


def test_learning_rate_and_betas_are_corrected():
    objective = Plain()
    (optimizer,) = build_optimizers(
        objective, objective.phases(), {"critic": nn.Linear(2, 1)}
    ).values()
    group = optimizer.param_groups[0]
    assert group["lr"] == pytest.approx(0.002 * 16 / 17)
    assert group["betas"] == pytest.approx((0.0, 0.99 ** (16 / 17)))


def test_weight_decay_is_not_corrected():
    class Decaying(Plain):
        def optimizer(self, part):
            return OptimizerSettings(learning_rate=0.002, betas=(0.0, 0.99), weight_decay=0.5)

    objective = Decaying()
    (optimizer,) = build_optimizers(
        objective, objective.phases(), {"critic": nn.Linear(2, 1)}
    ).values()
    # The optimiser multiplies it with the learning rate, which is corrected.
    assert optimizer.param_groups[0]["weight_decay"] == 0.5


def test_state_round_trip_continues_bit_for_bit():
    def moves(part, optimizer, count):
        for index in range(count):
            optimizer.zero_grad()
            part(torch.full((2, 1, 4, 4), float(index + 1))).sum().backward()
            optimizer.step()

    torch.manual_seed(0)
    part = nn.Conv2d(1, 3, 4).to(memory_format=torch.channels_last)
    objective = Plain()
    phases = [phase("main")]
    (optimizer,) = build_optimizers(objective, phases, {"critic": part}).values()
    moves(part, optimizer, 3)
    saved = OptimizerState(optimizer, part).state_dict()
    saved = {name: value.clone().contiguous() for name, value in saved.items()}
    assert {key.rpartition("/")[2] for key in saved} == {"step", "exp_avg", "exp_avg_sq"}

    other = nn.Conv2d(1, 3, 4).to(memory_format=torch.channels_last)
    other.load_state_dict(part.state_dict())
    (restored,) = build_optimizers(objective, phases, {"critic": other}).values()
    OptimizerState(restored, other).load_state_dict(saved)
    moves(part, optimizer, 3)
    moves(other, restored, 3)
    assert all(
        torch.equal(a, b) for a, b in zip(part.parameters(), other.parameters(), strict=True)
    )


def test_state_of_another_network_is_refused():
    part = nn.Linear(2, 1)
    (optimizer,) = build_optimizers(Plain(), [phase("main")], {"critic": part}).values()
    with pytest.raises(CheckpointError, match="nowhere"):
        OptimizerState(optimizer, part).load_state_dict({"nowhere/exp_avg": torch.zeros(1)})
