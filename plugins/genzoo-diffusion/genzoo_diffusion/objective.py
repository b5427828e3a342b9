"""Learning velocities, at a random time for each sample."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

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
from genzoo_diffusion.configs import DenoisingConfig, FlowMatchingConfig, LearningOptions
from genzoo_diffusion.generator import DiffusionGenerator
from genzoo_diffusion.process import Process, StraightPath
from genzoo_diffusion.schedule import NoiseSchedule


class VelocityObjective(Objective):
    """Squared error of the velocity of x_t.

    Args:
        config: Validated configuration.
        context: The run that it belongs to.

    Attributes:
        name: The objective's.
        process: The process that it is for.
        architectures: Those that have it.
    """

    name: ClassVar[str]
    process: ClassVar[type[Process]]
    architectures: ClassVar[str]

    config: LearningOptions

    def __init__(self, config: LearningOptions, context: TrainingContext) -> None:
        super().__init__(config, context)

    @abstractmethod
    def times(self, noise: Noise, process: Process) -> Tensor:
        """A time for each row, (N,)."""

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Refuse a generator of another process, or one that needs labels to be hidden.

        Raises:
            CapabilityError: Says which.
        """
        generator = parts["generator"]
        if not isinstance(generator, DiffusionGenerator):
            raise CapabilityError(
                f"The objective {self.name} trains a denoiser, and this generator has none.",
                f"Use it with the architectures {self.architectures}.",
            )
        if not isinstance(generator.process, self.process):
            raise CapabilityError(
                f"The objective {self.name} is not for the process of this generator.",
                f"Use it with the architectures {self.architectures}.",
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
        process, clean = generator.process, step.batch.x
        noise = step.noise("noise").normal(*clean.shape[1:])
        t = self.times(step.noise("time"), process)
        labels = hide(step.batch.labels, step.noise("label-dropout"), self.config.label_dropout)
        predicted = generator.denoiser(process.diffuse(clean, noise, t), t, labels)
        squares = (predicted - process.velocity(clean, noise, t)).square().flatten(1)
        step.report("mean_squared_error", squares.mean(1))
        return {"velocity": squares.sum(1)}


class DenoisingObjective(VelocityObjective):
    """Objective `ddpm`: Ho et al. 2020 (arXiv:2006.11239), equation 14, for velocities.

    The network predicts velocities and not noise, since near pure noise the noise says nothing
    about the sample: errors in x_0 would grow by 1 / alpha_t. In terms of x_0 the loss weights
    errors by 1 / sigma_t^2, which is the noise's weighting plus a constant.
    """

    name = "ddpm"
    process = NoiseSchedule
    architectures = "ddpm-unet and ddpm-dit"

    config: DenoisingConfig

    def times(self, noise: Noise, process: Process) -> Tensor:
        """Whole times, all alike."""
        return draw_times(noise, int(process.latest))


class FlowMatchingObjective(VelocityObjective):
    """Objective `flow-matching`: Lipman et al. 2022 (arXiv:2210.02747), for straight lines."""

    name = "flow-matching"
    process = StraightPath
    architectures = "flow-unet and flow-dit"

    config: FlowMatchingConfig

    def times(self, noise: Noise, process: Process) -> Tensor:
        """Uniform, or sigmoid of a normal (Esser et al. 2024, arXiv:2403.03206, equation 19)."""
        if self.config.times == "uniform":
            return noise.uniform()
        return torch.sigmoid(self.config.location + self.config.scale * noise.normal())


def draw_times(noise: Noise, timesteps: int) -> Tensor:
    """Times from 1 to `timesteps`, equally likely, one per row: (N,)."""
    return 1 + (noise.uniform() * timesteps).long()


def hide(labels: Tensor | None, noise: Noise, share: float) -> Tensor | None:
    """Labels (N,) with each replaced by `NO_CLASS` with probability `share`."""
    if labels is None:
        return None
    return torch.where(noise.uniform() < share, NO_CLASS, labels)
