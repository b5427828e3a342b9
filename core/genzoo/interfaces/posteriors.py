"""The normal posterior with a diagonal covariance (Kingma and Welling 2014)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genzoo.errors import SpecError
from genzoo.interfaces.distributions import Posterior
from genzoo.interfaces.noise import Noise

LOG_TWO_PI = math.log(2.0 * math.pi)


class DiagonalGaussian(Posterior):
    """N posteriors N(mean, diag exp(log_variance)).

    Args:
        mean: (N, *latent shape).
        log_variance: Natural logarithm of the variances, (N, *latent shape).
    """

    def __init__(self, mean: Tensor, log_variance: Tensor) -> None:
        self.mean = mean
        self.log_variance = log_variance

    def rsample(self, noise: Noise) -> Tensor:
        """Reparameterised draw, one per row: (N, *latent shape).

        Raises:
            SpecError: `noise` has another number of rows.
        """
        if noise.count != len(self.mean):
            raise SpecError(f"Noise for {noise.count} rows cannot sample {len(self.mean)}.")
        return self.mean + torch.exp(0.5 * self.log_variance) * noise.normal(*self.mean.shape[1:])

    def mode(self) -> Tensor:
        """The means, (N, *latent shape)."""
        return self.mean

    def log_prob(self, z: Tensor) -> Tensor:
        """log q(z | x) of z (N, *latent shape), in nats, (N,)."""
        squares = (z - self.mean).square() * torch.exp(-self.log_variance)
        return -0.5 * (squares + self.log_variance + LOG_TWO_PI).flatten(1).sum(1)

    def kl(self) -> Tensor:
        """KL(q(z | x) || N(0, I)) in nats per latent dimension, (N, *latent shape).

        Kingma and Welling 2014, appendix B.
        """
        variance = torch.exp(self.log_variance)
        return 0.5 * (self.mean.square() + variance - 1.0 - self.log_variance)

    def repeat(self, times: int) -> DiagonalGaussian:
        """Each row `times` times in succession, (N * times, *latent shape)."""
        return DiagonalGaussian(
            self.mean.repeat_interleave(times, 0), self.log_variance.repeat_interleave(times, 0)
        )
