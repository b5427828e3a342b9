"""Data N(mean, deviation^2 I): all that a diffusion model can know about it is known exactly."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genzoo_diffusion.process import Process, StraightPath


@dataclass(frozen=True)
class GaussianData:
    """The data, diffused by a process. Every value of a sample is independent of the others."""

    mean: float
    deviation: float
    schedule: Process

    def draw(self, *shape: int, seed: int) -> Tensor:
        return self.mean + self.deviation * normal(*shape, seed=seed)

    def spread(self, t: Tensor) -> Tensor:
        """Standard deviation of x_t, (N, 1): sqrt(alpha^2 deviation^2 + sigma^2)."""
        alpha, sigma = self._at(t)
        return ((alpha * self.deviation).square() + sigma.square()).sqrt()

    def velocity(self, x: Tensor, t: Tensor) -> Tensor:
        """E[v | x_t]: what a perfect denoiser predicts. x (N, D), t (N,)."""
        alpha, sigma = self._at(t)
        away = x - alpha * self.mean
        clean = self.mean + alpha * self.deviation**2 * away / self.spread(t).square()
        if isinstance(self.schedule, StraightPath):
            return (x - clean) / sigma
        return (alpha * x - clean) / sigma

    def least_error(self, t: Tensor) -> Tensor:
        """Var(v | x_t) of one value, (N, 1): the squared error that no denoiser can avoid.

        The same for both processes: the change of x_t and its velocity has determinant 1.
        """
        return self.deviation**2 / self.spread(t).square()

    def flow(self, x: Tensor) -> Tensor:
        """Where the probability flow takes x_T: it keeps the distance to the mean in deviations."""
        t = torch.full((len(x),), self.schedule.latest)
        alpha, _ = self._at(t)
        return self.mean + self.deviation * (x - alpha * self.mean) / self.spread(t)

    def _at(self, t: Tensor) -> tuple[Tensor, Tensor]:
        alpha, sigma = self.schedule.factors(t)
        return alpha.double()[:, None], sigma.double()[:, None]


def normal(*shape: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)
