"""Learning rates and betas over a run, against closed forms and through a resume."""

import math

import pytest
import torch
from resuming import logged, train_and_resume
from torch import nn

from genzoo.errors import ConfigError
from genzoo.interfaces.objective import Objective, OptimizerSettings, Phase
from genzoo.specs import parse_config
from genzoo.training.learning_rate_schedule import Schedule, rate_factor, settings_at
from genzoo.training.optimizers import build_optimizers
from genzoo.training.training_config import TrainingConfig

SETTINGS = OptimizerSettings(learning_rate=0.002, betas=(0.5, 0.99))


class Lazy(Objective):
    """A penalty of its own move on every fourth step."""

    def __init__(self):
        pass

    def phases(self):
        return [Phase("main", ("critic",), dict), Phase("penalty", ("critic",), dict, every=4)]

    def optimizer(self, part):
        return SETTINGS


def factors(**options):
    config = TrainingConfig(**options)
    return [rate_factor(config, index) for index in range(config.steps)]


def test_by_default_nothing_changes():
    assert factors(steps=5) == [1.0] * 5
    assert settings_at(TrainingConfig(steps=5), SETTINGS, 3) == SETTINGS


def test_warm_up_rises_linearly_and_its_first_step_moves():
    assert factors(steps=6, warmup_steps=4) == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_linear_goes_to_its_end_after_the_warm_up_and_stays():
    rates = factors(
        steps=12, schedule="linear", warmup_steps=2, schedule_over=0.5, schedule_end=0.2
    )
    assert rates == pytest.approx([0.5, 1.0, 1.0, 0.8, 0.6, 0.4] + [0.2] * 6)


def test_cosine_equals_torchs():
    weight = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.1)
    for factor in factors(steps=20, schedule="cosine", schedule_end=0.1):
        assert factor == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        reference.step()


def test_betas_go_from_their_start_to_the_objectives():
    config = TrainingConfig(steps=10, schedule="cosine", schedule_over=0.5, beta2_start=0.9)
    betas = [settings_at(config, SETTINGS, index).betas for index in range(10)]
    assert {first for first, _ in betas} == {0.5}
    expected = [0.9 + 0.09 * (1 - math.cos(math.pi * index / 5)) / 2 for index in range(5)]
    assert [second for _, second in betas] == pytest.approx(expected + [0.99] * 5)
    assert betas[-1] == (0.5, 0.99)


def test_what_is_set_is_corrected_for_lazy_phases():
    objective = Lazy()
    optimizers = build_optimizers(objective, objective.phases(), {"critic": nn.Linear(1, 1)})
    config = TrainingConfig(steps=10, schedule="linear", beta1_start=0.25)
    schedule = Schedule(config, objective, objective.phases(), optimizers)
    schedule.apply(5)
    (group,) = optimizers["critic"].param_groups
    assert group["lr"] == pytest.approx(0.002 * 0.5 * 0.8)
    assert group["betas"] == pytest.approx((0.375**0.8, 0.99**0.8))
    assert schedule.learning_rates() == {"learning_rate/critic": group["lr"]}


def test_adam_moves_by_what_is_set():
    """At a gradient of constant sign Adam moves by the learning rate, whatever the betas do."""
    part = nn.Linear(1, 1, bias=False)
    objective = Lazy()
    optimizers = build_optimizers(objective, [objective.phases()[0]], {"critic": part})
    config = TrainingConfig(steps=4, schedule="linear", schedule_end=0.5)
    schedule = Schedule(config, objective, [objective.phases()[0]], optimizers)
    for index in range(4):
        before = part.weight.item()
        schedule.apply(index)
        part.weight.grad = torch.ones(1, 1)
        optimizers["critic"].step()
        expected = 0.002 * (1 - 0.5 * index / 4)
        assert before - part.weight.item() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"schedule_end": 0.5}, "schedule_end needs a schedule"),
        ({"beta2_start": 0.9}, "beta2_start needs a schedule"),
        ({"steps": 10, "warmup_steps": 11}, "warm-up lasts longer than the run"),
        (
            {"steps": 10, "warmup_steps": 6, "schedule": "cosine", "schedule_over": 0.5},
            "warm-up lasts longer",
        ),
    ],
)
def test_senseless_schedules_are_refused_in_one_sentence(options, reason):
    with pytest.raises(ConfigError, match=f"The options of the training do not .*{reason}"):
        parse_config(TrainingConfig, options, "training")


def test_a_scheduled_run_resumes_bit_for_bit_and_logs_its_rates(tmp_path, registry, make_plan):
    plan = make_plan(schedule="cosine", warmup_steps=3, beta2_start=0.5, schedule_end=0.1)
    scheduled = train_and_resume(plan, registry, tmp_path / "scheduled", stop=5)
    constant = train_and_resume(make_plan(), registry, tmp_path / "constant", stop=5)
    weights = [run.tensors["part.generator"]["last.weight"] for run in (scheduled, constant)]
    assert not torch.equal(*weights)
    for run in ("whole", "parted"):
        for line in logged(tmp_path / "scheduled" / run):
            expected = 0.01 * rate_factor(plan.training, line["step"] - 1)
            assert line["learning_rate/generator"] == pytest.approx(expected)
