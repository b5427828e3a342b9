"""Distributions p(x | z) over samples. Log densities are in nats, summed over dimensions."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo import Likelihood, Noise

LOG_TWO_PI = math.log(2.0 * math.pi)
LEVELS = 256


class Gaussian(Likelihood):
    """N normal densities with independent dimensions.

    With one learned variance for all dimensions this is the sigma-VAE (Rybkin et al. 2021).

    Args:
        mean: (N, *sample shape).
        log_variance: Natural logarithm of the variance, broadcast to `mean`.
        low: Least value of a sample; draws and means are clamped to it.
        high: Greatest value of a sample.
    """

    def __init__(
        self, mean: Tensor, log_variance: Tensor, low: float = -math.inf, high: float = math.inf
    ) -> None:
        self._mean = mean
        self.log_variance = log_variance
        self.low, self.high = low, high

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x | z) of x (N, *sample shape), (N,)."""
        squares = (x - self._mean).square() * torch.exp(-self.log_variance)
        return -0.5 * (squares + self.log_variance + LOG_TWO_PI).flatten(1).sum(1)

    def mean(self) -> Tensor:
        """(N, *sample shape), clamped to the range."""
        return self._mean.clamp(self.low, self.high)

    def sample(self, noise: Noise) -> Tensor:
        """One draw per row, (N, *sample shape), clamped to the range."""
        normal = noise.normal(*self._mean.shape[1:])
        draw = self._mean + torch.exp(0.5 * self.log_variance) * normal
        return draw.clamp(self.low, self.high)


class Bernoulli(Likelihood):
    """N products of coins. Samples lie in [0, 1].

    For values strictly between 0 and 1 this is the customary cross-entropy, which is not a
    normalised density (Loaiza-Ganem and Cunningham 2019): compare it with nothing but itself.

    Args:
        logits: (N, *sample shape).
    """

    discrete = True

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x | z) of x (N, *sample shape) in [0, 1], (N,)."""
        return (x * self.logits - F.softplus(self.logits)).flatten(1).sum(1)

    def mean(self) -> Tensor:
        """Probability of a one, (N, *sample shape)."""
        return torch.sigmoid(self.logits)

    def sample(self, noise: Noise) -> Tensor:
        """Zeros and ones, (N, *sample shape)."""
        return (noise.uniform(*self.logits.shape[1:]) < self.mean()).to(self.logits.dtype)


class DiscretisedLogistic(Likelihood):
    """N distributions over 256 evenly spaced levels: a logistic's mass in each level's bin.

    The outermost bins take the tails, so the levels' probabilities sum to 1 (Kingma et al. 2016;
    Salimans et al. 2017). Values between levels count as the nearest one.

    Args:
        location: Centre of the logistic, (N, *sample shape).
        log_scale: Natural logarithm of its scale, broadcast to `location`.
        low: The first level.
        high: The last level.
    """

    discrete = True

    def __init__(
        self, location: Tensor, log_scale: Tensor, low: float = -1.0, high: float = 1.0
    ) -> None:
        self.location = location
        self.log_scale = log_scale
        self.low, self.high = low, high
        self.bin = (high - low) / (LEVELS - 1)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x | z) of x (N, *sample shape) in [low, high], (N,).

        Uses log(s(a) - s(b)) = log s(a) + log s(-b) + log(1 - exp(b - a)) for the sigmoid s,
        which loses nothing where both are nearly 0 or 1.
        """
        level = self._level(x)
        centred = self.low + level * self.bin - self.location
        precision = torch.exp(-self.log_scale)
        below_upper = F.logsigmoid((centred + 0.5 * self.bin) * precision)
        above_lower = F.logsigmoid((0.5 * self.bin - centred) * precision)
        inside = below_upper + above_lower + torch.log(-torch.expm1(-self.bin * precision))
        mass = torch.where(level == 0, below_upper, inside)
        return torch.where(level == LEVELS - 1, above_lower, mass).flatten(1).sum(1)

    def mean(self) -> Tensor:
        """The expected sample, to within half a bin, (N, *sample shape).

        That of the logistic clipped to the range: the integral of the survival function, of which
        the exact sum over levels is the midpoint rule.
        """
        scale = torch.exp(self.log_scale)
        above_low = F.softplus((self.location - self.low) / scale)
        above_high = F.softplus((self.location - self.high) / scale)
        return (self.low + scale * (above_low - above_high)).clamp(self.low, self.high)

    def sample(self, noise: Noise) -> Tensor:
        """One draw per row, each value one of the levels, (N, *sample shape)."""
        uniform = noise.uniform(*self.location.shape[1:])
        draw = self.location + torch.exp(self.log_scale) * torch.logit(uniform)
        return self.low + self._level(draw) * self.bin

    def _level(self, x: Tensor) -> Tensor:
        return ((x - self.low) / self.bin).round().clamp(0, LEVELS - 1)
