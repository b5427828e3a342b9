"""Objective `likelihood`: make the data as probable as can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from genzoo import (
    CapabilityError,
    InvertibleGenerator,
    Objective,
    OptimizerSettings,
    Phase,
    Step,
    Terms,
    TrainingContext,
)
from genzoo_flow.configs import LikelihoodConfig
from genzoo_flow.dequantise import bits_per_dimension, dequantise


class Likelihood(Objective):
    """Minimises -log p(x) = -log p(z) - log|det dz/dx| (Dinh et al. 2017, equation 3).

    Images are 8-bit: for them it is a bound on -log P(levels), by uniform dequantisation.

    Args:
        config: Validated configuration.
        context: The run that it belongs to.
    """

    config: LikelihoodConfig

    def __init__(self, config: LikelihoodConfig, context: TrainingContext) -> None:
        super().__init__(config, context)

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Refuse networks without an inverse.

        Raises:
            CapabilityError: The flow is none.
        """
        if not isinstance(parts.get("flow"), InvertibleGenerator):
            raise CapabilityError(
                "The objective likelihood trains generators with an inverse, and these networks "
                "have none.",
                "Use it with an architecture such as realnvp.",
            )

    def phases(self) -> Sequence[Phase]:
        """One phase: there is one network."""
        return [Phase("likelihood", ("flow",), self.loss)]

    def optimizer(self, part: str) -> OptimizerSettings:
        """Adam."""
        return OptimizerSettings(self.config.learning_rate, self.config.betas)

    def loss(self, step: Step) -> Terms:
        """Negative log-likelihood of each sample, in nats, (N,)."""
        x, log_volume = self.continuous(step)
        z, log_det = step.part("flow").inverse(x, step.batch.labels)
        nats = -(step.prior.log_prob(z) + log_det + log_volume)
        if self.context.sample.kind == "image":
            step.report("bits_per_dimension", bits_per_dimension(nats, self.context.sample))
        return {"nats": nats}

    def continuous(self, step: Step) -> tuple[Tensor, Tensor]:
        """The batch as real numbers, and the log volume (N,) that each sample stands for."""
        x = step.batch.x
        if self.context.sample.kind == "image":
            return dequantise(x, self.context.sample, step.noise("dequantisation"))
        return x, x.new_zeros(len(x))
