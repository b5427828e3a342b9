"""The evidence lower bound (Kingma and Welling 2014) as a rate and a distortion."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from genzoo import (
    CapabilityError,
    LatentUse,
    Objective,
    OptimizerSettings,
    Phase,
    StandardNormal,
    Step,
    Term,
    Terms,
    TrainingContext,
    VitalSign,
    ramp,
)
from genzoo_vae.check import check_autoencoder, check_densities
from genzoo_vae.configs import ELBOConfig

ACTIVE_VARIANCE = 0.01

WARMUP, FREE_BITS = 0.3, 0.1
"""What keeps a posterior alive, where it has collapsed."""


class ELBO(Objective):
    """Minimises distortion + weight * rate, the weight being beta after the warm-up.

    With beta 1, no free bits and no warm-up this is the negative ELBO; other betas give the
    beta-VAE (Higgins et al. 2017). `elbo` is logged with weight 1 and no free bits at all times.

    Args:
        config: Validated configuration.
        context: The run that it belongs to.
    """

    config: ELBOConfig

    def __init__(self, config: ELBOConfig, context: TrainingContext) -> None:
        super().__init__(config, context)

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Refuse networks that are not encoder and decoder.

        Raises:
            CapabilityError: Says which part is of the wrong kind.
        """
        check_autoencoder(parts, "elbo")
        check_densities(parts, "elbo")

    def phases(self) -> Sequence[Phase]:
        """One phase, which moves the encoder and the decoder together."""
        return [Phase("elbo", ("encoder", "decoder"), self.loss)]

    def optimizer(self, part: str) -> OptimizerSettings:
        """The same settings for both parts."""
        return OptimizerSettings(self.config.learning_rate, self.config.betas)

    def vital_signs(self) -> Sequence[VitalSign]:
        """How many units the posterior uses."""
        units = math.prod(self.context.latent.shape)
        return (LatentUse("elbo/active_units", units, self._remedy()),)

    def _remedy(self) -> str:
        """What to try that the run does not have already."""
        config = self.config
        if config.beta > 1.0:
            return "Start again with --beta 1."
        ways = []
        if config.warmup < WARMUP:
            ways.append(f"--warmup {WARMUP:g}")
        if config.free_bits < FREE_BITS:
            ways.append(f"--free-bits {FREE_BITS:g}")
        if not ways:
            ways = [f"--beta {config.beta / 4:g}", f"--free-bits {4 * config.free_bits:g}"]
        return f"Start again with {', or '.join(ways)}."

    def loss(self, step: Step) -> Terms:
        """Distortion -log p(x | z) and rate KL(q(z | x) || p(z)), each (N,), in nats.

        Raises:
            CapabilityError: The prior is not the standard normal that the closed form assumes.
        """
        if not isinstance(step.prior, StandardNormal):
            raise CapabilityError(
                "The objective elbo needs the standard normal prior.", "Try --objective iwae."
            )
        x, labels = step.batch.x, step.batch.labels
        posterior = step.part("encoder")(x, labels)
        latents = posterior.rsample(step.noise("posterior"))
        distortion = -step.part("decoder")(latents, labels).log_prob(x)
        kl = posterior.kl().flatten(1)
        step.report("elbo", -distortion - kl.sum(1))
        step.report("active_units", active_units(posterior.mode(), step.batch_mean))
        config = self.config
        rate = apply_free_bits(kl, config.free_bits, step.batch_mean).sum(1)
        weight = config.beta * warmup_factor(step.index, step.total, config.warmup, config.cycles)
        return {
            "distortion": Term(distortion),
            "rate": Term(rate, weight),
        }


def warmup_factor(index: int, total: int, fraction: float, cycles: int = 1) -> float:
    """Factor of the KL at step `index` of `total`: from 0 linearly to 1 over `fraction` of a cycle.

    Bowman et al. 2016, with their sigmoid replaced by a line as in Sønderby et al. 2016. Several
    cycles of equal length are the schedule of Fu et al. 2019 (arXiv:1903.10145).
    """
    cycle = total / cycles
    return ramp(index % cycle, fraction * cycle)


def row_mean(x: Tensor) -> Tensor:
    """The mean over the rows of a batch that nobody else has rows of, (N, *) to (*)."""
    return x.mean(0)


def apply_free_bits(
    kl: Tensor, nats: float, batch_mean: Callable[[Tensor], Tensor] = row_mean
) -> Tensor:
    """Free bits (Kingma et al. 2016, equation 15): max(nats, batch mean) for every dimension.

    A dimension whose batch mean is below `nats` becomes the constant `nats` in every row; the
    others stay as they are. The batch mean of the result, and its gradient, are thus those of the
    published bound while each row keeps a value of its own.

    Args:
        kl: Nats per row and latent dimension, (N, D).
        nats: What each dimension may carry for free.
        batch_mean: Takes means over the batch.

    Returns:
        (N, D).
    """
    if nats == 0.0:
        return kl
    return torch.where(batch_mean(kl.detach()) > nats, kl, kl.new_tensor(nats))


def active_units(means: Tensor, batch_mean: Callable[[Tensor], Tensor] = row_mean) -> Tensor:
    """Number of latent dimensions whose posterior mean varies over the batch (N, *latent shape).

    Burda et al. 2016, section 5.2: variance above 0.01. A batch of one has none.
    """
    flat = means.detach().flatten(1)
    # Of differences from the mean: squares of means far from zero would cancel.
    variance = batch_mean((flat - batch_mean(flat)).square())
    return (variance > ACTIVE_VARIANCE).float().sum()
