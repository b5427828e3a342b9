"""A Gaussian mixture over latents, fitted to posterior draws after training.

Sampling from the density of the codes instead of the prior they were trained with is Ghosh et al.
2020, "From variational to deterministic autoencoders", section 4.
"""

from __future__ import annotations

import math
from typing import Self

import torch
from torch import Tensor

from genzoo import FittedPrior, LatentSpec, Noise, SpecError
from genzoo_vae.configs import MixtureConfig
from genzoo_vae.expectation_maximisation import Mixture, fit_mixture, joint_log_density


class GaussianMixturePrior(FittedPrior):
    """K Gaussians with full covariances. Before `fit` it is the standard normal.

    Args:
        latent: Contract of the latents; D is the number of values in one.
        config: Validated configuration.
    """

    config: MixtureConfig
    weights: Tensor
    means: Tensor
    cholesky: Tensor

    def __init__(self, latent: LatentSpec, config: MixtureConfig) -> None:
        super().__init__(latent, config)
        self.dimensions = math.prod(latent.shape)
        count, size = config.components, self.dimensions
        self.register_buffer("weights", torch.full((count,), 1.0 / count))
        self.register_buffer("means", torch.zeros(count, size))
        self.register_buffer("cholesky", torch.eye(size).repeat(count, 1, 1))

    def sample(self, noise: Noise) -> Tensor:
        """One latent per row of `noise`, (N, *latent shape)."""
        return self.sample_truncated(noise, 1.0)

    def sample_truncated(self, noise: Noise, truncation: float) -> Tensor:
        """One latent per row, shrunk towards the mean of its component, (N, *latent shape)."""
        return self.placed(noise.uniform(1), truncation * noise.normal(self.dimensions))

    @torch.no_grad()
    def placed(self, uniform: Tensor, normal: Tensor) -> Tensor:
        """Latents (N, *latent shape) made of uniform numbers (N, 1) and normal ones (N, D)."""
        edges = self.weights.double().cumsum(0)
        choice = uniform.double() * edges[-1]
        component = torch.searchsorted(edges, choice.squeeze(1), right=True)
        component = component.clamp(max=self.config.components - 1)
        draws = torch.empty_like(normal)
        for index in sorted(set(component.tolist())):
            rows = component == index
            draws[rows] = self.means[index] + normal[rows] @ self.cholesky[index].T
        return draws.view(-1, *self.latent.shape)

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z) of z (N, *latent shape), in nats, (N,)."""
        mixture = Mixture(self.weights, self.means, self.cholesky)
        return torch.logsumexp(joint_log_density(z.flatten(1), mixture), 1)

    @torch.no_grad()
    def fit(self, latents: Tensor, seed: int) -> Self:
        """Fit by EM to latents (N, *latent shape), in place. The same seed gives the same fit.

        Raises:
            SpecError: There are no latents, or they are of another shape.
        """
        if len(latents) == 0 or tuple(latents.shape[1:]) != self.latent.shape:
            raise SpecError(
                f"The mixture prior fits latents of shape (N, {self.latent.shape}), "
                f"not {tuple(latents.shape)}."
            )
        points = latents.detach().flatten(1).double().cpu()
        fitted = fit_mixture(points, self.config, torch.Generator().manual_seed(seed))
        self.weights.copy_(fitted.weights)
        self.means.copy_(fitted.means)
        self.cholesky.copy_(fitted.cholesky)
        return self
