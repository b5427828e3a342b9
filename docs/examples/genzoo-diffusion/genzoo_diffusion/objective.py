"""Learning to undo noise (Ho et al. 2020, arXiv:2006.11239, equation 14), for velocities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from genzoo import (
    CapabilityError,
    Noise,
    Objective,
    OptimizerSettings,
    Phase,
    Step,
    Terms,
    TrainingContext,
)
from genzoo_diffusion.conditioning import NO_CLASS
from genzoo_diffusion.configs import DenoisingConfig
from genzoo_diffusion.generator import DiffusionGenerator


class DenoisingObjective(Objective):
    """Objective `ddpm`: squared error of the velocity, at a time of its own for each sample.

    The network predicts velocities and not noise, since near pure noise the noise says nothing
    about the sample: errors in x_0 would grow by 1 / alpha_t. In terms of x_0 the loss weights
    errors by 1 / sigma_t^2, which is the noise's weighting plus a constant.

    Args:
        config: Validated configuration.
        context: The run that it belongs to.
    """

    config: DenoisingConfig

    def __init__(self, config: DenoisingConfig, context: TrainingContext) -> None:
        super().__init__(config, context)

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Refuse a generator that is not a diffusion model, or that needs labels to be hidden.

        Raises:
            CapabilityError: Says which.
        """
        generator = parts["generator"]
        if not isinstance(generator, DiffusionGenerator):
            raise CapabilityError(
                "The objective ddpm trains a denoiser, and this generator has none.",
                "Use it with the architecture ddpm.",
            )
        guided = self.context.sample.conditional and generator.guidance != 1.0
        if guided and self.config.label_dropout == 0.0:
            raise CapabilityError(
                f"Guidance {generator.guidance:g} needs to know what images without a class look "
                "like, and no label is ever hidden.",
                "Give --label-dropout 0.1, or --guidance 1.",
            )

    def phases(self) -> Sequence[Phase]:
        """One phase."""
        return [Phase("denoise", ("generator",), self.loss)]

    def optimizer(self, part: str) -> OptimizerSettings:
        """Adam."""
        return OptimizerSettings(self.config.learning_rate, self.config.betas)

    def loss(self, step: Step) -> Terms:
        """||v(x_t, t) - v||^2, (N,), summed over the values of a sample.

        `mean_squared_error` is logged beside it: the same per value.
        """
        generator: DiffusionGenerator = step.part("generator")
        schedule, clean = generator.schedule, step.batch.x
        noise = step.noise("noise").normal(*clean.shape[1:])
        t = draw_times(step.noise("time"), schedule.timesteps)
        labels = hide(step.batch.labels, step.noise("label-dropout"), self.config.label_dropout)
        predicted = generator.denoiser(schedule.diffuse(clean, noise, t), t, labels)
        squares = (predicted - schedule.velocity(clean, noise, t)).square().flatten(1)
        step.report("mean_squared_error", squares.mean(1))
        return {"velocity": squares.sum(1)}


def draw_times(noise: Noise, timesteps: int) -> Tensor:
    """Times from 1 to `timesteps`, equally likely, one per row: (N,)."""
    return 1 + (noise.uniform() * timesteps).long()


def hide(labels: Tensor | None, noise: Noise, share: float) -> Tensor | None:
    """Labels (N,) with each replaced by `NO_CLASS` with probability `share`."""
    if labels is None:
        return None
    return torch.where(noise.uniform() < share, NO_CLASS, labels)
