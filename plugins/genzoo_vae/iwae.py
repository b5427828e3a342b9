"""The importance-weighted autoencoder's bound (Burda, Grosse and Salakhutdinov 2016)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from genzoo import (
    LatentUse,
    Objective,
    OptimizerSettings,
    Phase,
    Step,
    Term,
    Terms,
    TrainingContext,
    VitalSign,
    log_weights,
)
from genzoo_vae.check import check_autoencoder, check_densities
from genzoo_vae.configs import IWAEConfig
from genzoo_vae.elbo import active_units


class IWAE(Objective):
    """Maximises log (1/k) sum_i p(x, z_i) / q(z_i | x) over k draws z_i (equation 8).

    Args:
        config: Validated configuration.
        context: The run that it belongs to.
    """

    config: IWAEConfig

    def __init__(self, config: IWAEConfig, context: TrainingContext) -> None:
        super().__init__(config, context)

    def check(self, parts: Mapping[str, nn.Module]) -> None:
        """Refuse networks that are not encoder and decoder.

        Raises:
            CapabilityError: Says which part is of the wrong kind.
        """
        check_autoencoder(parts, "iwae")
        check_densities(parts, "iwae")

    def phases(self) -> Sequence[Phase]:
        """One phase, which moves the encoder and the decoder together."""
        return [Phase("iwae", ("encoder", "decoder"), self.loss)]

    def optimizer(self, part: str) -> OptimizerSettings:
        """The same settings for both parts."""
        return OptimizerSettings(self.config.learning_rate, self.config.betas)

    def vital_signs(self) -> Sequence[VitalSign]:
        """How many units the posterior uses."""
        units = math.prod(self.context.latent.shape)
        remedy = "Start again with a lower --learning-rate, or with --objective elbo --warmup 0.3."
        return (LatentUse("iwae/active_units", units, remedy),)

    def loss(self, step: Step) -> Terms:
        """The negative bound on log p(x), (N,), in nats."""
        weights = self._log_weights(step)
        step.report("elbo", weights.mean(1))
        bound = torch.logsumexp(weights, 1) - math.log(self.config.samples)
        return {"bound": Term(-bound)}

    def _log_weights(self, step: Step) -> Tensor:
        """Log importance weights, (N, k)."""
        k, batch = self.config.samples, step.batch
        posterior = step.part("encoder")(batch.x, batch.labels)
        step.report("active_units", active_units(posterior.mode(), step.batch_mean))
        posterior = posterior.repeat(k)
        labels = None if batch.labels is None else batch.labels.repeat_interleave(k)
        noise = step.noise("posterior", len(batch) * k)
        x = batch.x.repeat_interleave(k, 0)
        rows = log_weights(posterior, step.part("decoder"), step.prior, x, noise, labels)
        return rows.view(len(batch), k)
