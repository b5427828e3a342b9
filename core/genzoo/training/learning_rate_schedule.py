"""Learning rates and betas that change while training, as functions of the step alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch.optim import Optimizer

from genzoo.interfaces.objective import Objective, OptimizerSettings, Phase
from genzoo.interfaces.ramp import ramp
from genzoo.training.optimizers import corrected
from genzoo.training.training_config import TrainingConfig


class Schedule:
    """Sets each optimiser before a step to what the run's options say of that step.

    The learning rate is the objective's times a factor. The factor rises over the warm-up, then
    goes from 1 to `schedule_end` along the schedule. `beta1_start` and `beta2_start` go to the
    objective's own betas along the same schedule, as the learning rate and beta2 do together in
    Huang et al. 2024 (arXiv:2501.05441). All is corrected for lazy phases afterwards.

    Args:
        config: The run's options.
        objective: Gives the settings that the factors apply to.
        phases: The moves of one step.
        optimizers: One for each part.
    """

    def __init__(
        self,
        config: TrainingConfig,
        objective: Objective,
        phases: Sequence[Phase],
        optimizers: Mapping[str, Optimizer],
    ) -> None:
        self._config = config
        self._optimizers = optimizers
        self._settings = {part: objective.optimizer(part) for part in optimizers}
        self._phases = tuple(phases)
        self._constant = config.schedule == "constant" and config.warmup_steps == 0

    def apply(self, index: int) -> None:
        """Set the optimisers for training step `index`."""
        if self._constant:
            return
        for part, optimizer in self._optimizers.items():
            now = settings_at(self._config, self._settings[part], index)
            settings = corrected(now, part, self._phases)
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate
                group["betas"] = settings.betas

    def learning_rates(self) -> dict[str, float]:
        """The rates that are set, as `learning_rate/part`."""
        return {
            f"learning_rate/{part}": float(optimizer.param_groups[0]["lr"])
            for part, optimizer in self._optimizers.items()
        }


def settings_at(
    config: TrainingConfig, settings: OptimizerSettings, index: int
) -> OptimizerSettings:
    """An objective's settings as they are at training step `index`, counted from 0."""
    done = progress(config, index)
    first, second = settings.betas
    return OptimizerSettings(
        learning_rate=settings.learning_rate * rate_factor(config, index),
        betas=(
            first if config.beta1_start is None else _between(config.beta1_start, first, done),
            second if config.beta2_start is None else _between(config.beta2_start, second, done),
        ),
        weight_decay=settings.weight_decay,
    )


def rate_factor(config: TrainingConfig, index: int) -> float:
    """What the learning rate is multiplied with: the first step of a warm-up of n has 1 / n."""
    warm = ramp(index + 1, config.warmup_steps)
    return warm * _between(1.0, config.schedule_end, progress(config, index))


def progress(config: TrainingConfig, index: int) -> float:
    """How far the schedule has come after the warm-up, in [0, 1]; 0 for a constant one."""
    if config.schedule == "constant":
        return 0.0
    length = config.schedule_over * config.steps - config.warmup_steps
    return ramp(index - config.warmup_steps, length, config.schedule)


def _between(start: float, end: float, share: float) -> float:
    """The value `share` of the way from `start` to `end`; both ends are exact."""
    return end if share == 1.0 else start + (end - start) * share
