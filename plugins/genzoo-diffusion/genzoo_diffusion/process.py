"""From samples to noise and back: x_t = alpha_t x_0 + sigma_t noise, whatever alpha and sigma."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class Process(nn.Module, ABC):
    """How samples turn into noise. Times `t` are (N,), one per row; samples and noise (N, ...).

    Networks predict a velocity: the change of x_t by the process's `clock`.

    Attributes:
        latest: The time of pure noise; 0 is clean.
    """

    latest: float

    @abstractmethod
    def factors(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """alpha and sigma at times (N,), each (N,)."""

    @abstractmethod
    def velocity(self, clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """dx_t / d clock of the line or arc from a clean sample to its noise, (N, ...)."""

    @abstractmethod
    def clean(self, noisy: Tensor, velocity: Tensor, t: Tensor) -> Tensor:
        """x_0, where x_t and its velocity are known, (N, ...)."""

    @abstractmethod
    def clock(self, t: Tensor) -> Tensor:
        """By what the velocity is a derivative, at times (N,), (N,)."""

    @abstractmethod
    def times(self, steps: int) -> list[float]:
        """`steps + 1` times to sample at, from `latest` down to 0."""

    def diffuse(self, clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """x_t, a draw of q(x_t | x_0) where `noise` is one of N(0, I)."""
        alpha, sigma = self.spread(t, clean)
        return alpha * clean + sigma * noise

    def noise(self, noisy: Tensor, clean: Tensor, t: Tensor) -> Tensor:
        """The noise in x_t, given x_0. Not defined at time 0, where there is none."""
        alpha, sigma = self.spread(t, noisy)
        return (noisy - alpha * clean) / sigma

    def spread(self, t: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """`factors` with the dtype of `like`, shaped to spread over it."""
        alpha, sigma = self.factors(t)
        return rows(alpha, like), rows(sigma, like)


class StraightPath(Process):
    """Rectified flow: x_t = (1 - t) x_0 + t noise for t from 0 to 1.

    Liu et al. 2022 (arXiv:2209.03003) and Lipman et al. 2022 (arXiv:2210.02747), with time as in
    diffusion. The velocity is noise - x_0, the same all along the line.
    """

    latest = 1.0

    def factors(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """1 - t and t."""
        return 1.0 - t, t

    def velocity(self, clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """noise - x_0."""
        return noise - clean

    def clean(self, noisy: Tensor, velocity: Tensor, t: Tensor) -> Tensor:
        """x_0 = x_t - t v."""
        return noisy - rows(t, noisy) * velocity

    def clock(self, t: Tensor) -> Tensor:
        """Time itself."""
        return t

    def times(self, steps: int) -> list[float]:
        """Evenly spaced."""
        return [left / steps for left in range(steps, -1, -1)]


def rows(values: Tensor, like: Tensor) -> Tensor:
    """Values (N,) with the dtype of `like`, shaped to spread over it."""
    return values.to(like.dtype).reshape(-1, *[1] * (like.dim() - 1))


def at(time: float, x: Tensor) -> Tensor:
    """A time for each row of `x`, (N,): whole numbers stay whole."""
    dtype = torch.long if isinstance(time, int) else x.dtype
    return torch.full((len(x),), time, dtype=dtype, device=x.device)
