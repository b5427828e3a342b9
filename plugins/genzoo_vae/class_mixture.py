"""A Gaussian mixture over latents for each class, fitted to posterior draws after training.

Where latents tell of their class, those of another class decode to something between: each class
then needs a density of its own.
"""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn

from genzoo import FittedPrior, LatentSpec, Noise, Prior
from genzoo_vae.configs import ClassMixtureConfig
from genzoo_vae.mixture import GaussianMixturePrior


class ClassMixturePrior(FittedPrior):
    """A mixture for each class; a model without classes has one. Before `fit` all are normal.

    Args:
        latent: Contract of the latents.
        config: Validated configuration.
    """

    config: ClassMixtureConfig
    shares: Tensor

    def __init__(self, latent: LatentSpec, config: ClassMixtureConfig) -> None:
        super().__init__(latent, config)
        self.classes = config.classes
        count = max(1, len(config.classes))
        self.mixtures = nn.ModuleList(GaussianMixturePrior(latent, config) for _ in range(count))
        self.register_buffer("shares", torch.full((count,), 1.0 / count))

    def mixture(self, label: int) -> GaussianMixturePrior:
        """The mixture of a class."""
        chosen = self.mixtures[label]
        assert isinstance(chosen, GaussianMixturePrior)
        return chosen

    def sample(self, noise: Noise) -> Tensor:
        """One latent per row of `noise`, of any class, (N, *latent shape)."""
        return self.sample_truncated(noise, 1.0)

    def sample_truncated(self, noise: Noise, truncation: float) -> Tensor:
        """One latent per row, shrunk towards the mean of its component, (N, *latent shape)."""
        edges = self.shares.double().cumsum(0)
        choice = noise.uniform(1).squeeze(1).double() * edges[-1]
        labels = torch.searchsorted(edges, choice, right=True).clamp(max=len(edges) - 1)
        return self.of_classes(labels).sample_truncated(noise, truncation)

    def log_prob(self, z: Tensor) -> Tensor:
        """log p(z) of z (N, *latent shape) of any class, in nats, (N,)."""
        each = [self.mixture(label).log_prob(z) for label in range(len(self.shares))]
        return torch.logsumexp(torch.stack(each, 1) + self.shares.log(), 1)

    def of_classes(self, labels: Tensor) -> Prior:
        """The distribution of latents of these classes (N,)."""
        return _OfClasses(self, labels)

    def fit(self, latents: Tensor, seed: int) -> Self:
        """Fit to latents (N, *latent shape) whose classes are not known: all are alike.

        Raises:
            SpecError: There are no latents, or they are of another shape.
        """
        first = self.mixture(0).fit(latents, seed)
        for label in range(1, len(self.shares)):
            self.mixture(label).load_state_dict(first.state_dict())
        return self

    @torch.no_grad()
    def fit_classes(self, latents: Tensor, labels: Tensor, seed: int) -> Self:
        """Fit each class by EM to its own latents (N, *latent shape); one without any has all.

        Raises:
            SpecError: There are no latents, or they are of another shape.
        """
        counts = torch.bincount(labels, minlength=len(self.shares))
        for label, count in enumerate(counts.tolist()):
            self.mixture(label).fit(latents[labels == label] if count else latents, seed)
        self.shares.copy_(counts / counts.sum())
        return self


class _OfClasses(Prior):
    """Latents of given classes."""

    def __init__(self, whole: ClassMixturePrior, labels: Tensor) -> None:
        super().__init__(whole.latent)
        self.whole = whole
        self.labels = labels

    def sample(self, noise: Noise) -> Tensor:
        return self.sample_truncated(noise, 1.0)

    @torch.no_grad()
    def sample_truncated(self, noise: Noise, truncation: float) -> Tensor:
        choice, normal = noise.uniform(1), noise.normal(self.whole.mixture(0).dimensions)
        draws = normal.new_empty(len(normal), *self.latent.shape)
        for label in sorted(set(self.labels.tolist())):
            rows = self.labels == label
            mixture = self.whole.mixture(label)
            draws[rows] = mixture.placed(choice[rows], truncation * normal[rows])
        return draws

    def log_prob(self, z: Tensor) -> Tensor:
        densities = z.new_empty(len(z))
        for label in sorted(set(self.labels.tolist())):
            rows = self.labels == label
            densities[rows] = self.whole.mixture(label).log_prob(z[rows])
        return densities
