"""The posterior of an encoder whose latents are codes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genzoo.interfaces.distributions import Posterior
from genzoo.interfaces.noise import Noise
from genzoo.quantisers.quantiser import Quantised, Quantiser


class QuantisedPosterior(Posterior):
    """All mass on the vectors of the codes of each sample.

    Args:
        quantised: What the quantiser made of the encoder's outputs.
        quantiser: That quantiser.
    """

    def __init__(self, quantised: Quantised, quantiser: Quantiser) -> None:
        self.quantised = quantised
        self.quantiser = quantiser

    def rsample(self, noise: Noise) -> Tensor:
        """The vectors, (N, *latent shape); gradients pass straight through."""
        return self.quantised.values

    def mode(self) -> Tensor:
        """The vectors, (N, *latent shape)."""
        return self.quantised.values

    def log_prob(self, z: Tensor) -> Tensor:
        """Of a mass: 0 for the vectors themselves, minus infinity for all else, (N,)."""
        same = (z == self.quantised.values).flatten(1).all(1)
        return torch.where(same, 0.0, -math.inf)

    def kl(self) -> Tensor:
        """The rate of the codes under a uniform prior, (N, *latent shape).

        Each place has log(size) nats for each stream, here spread evenly over its dimensions.
        """
        nats = self.quantiser.bits * math.log(2.0) / self.quantiser.dimensions
        return torch.full_like(self.quantised.values, nats)

    def repeat(self, times: int) -> QuantisedPosterior:
        """Each row `times` times in succession."""
        held = self.quantised
        rows = (held.values, held.codes, held.penalty)
        repeated = Quantised(*(row.repeat_interleave(times, 0) for row in rows))
        return QuantisedPosterior(repeated, self.quantiser)
