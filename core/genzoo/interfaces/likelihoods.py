"""Distributions p(x | z) over samples. Log densities are in nats, summed over dimensions."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.interfaces.distributions import Likelihood
from genzoo.interfaces.noise import Noise

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

    def unclamped_mean(self) -> Tensor:
        """(N, *sample shape)."""
        return self._mean

    def sample(self, noise: Noise, temperature: float = 1.0) -> Tensor:
        """One draw per row, (N, *sample shape), clamped to the range.

        The temperature multiplies the standard deviation (Kingma and Dhariwal 2018, section 6).
        """
        normal = noise.normal(*self._mean.shape[1:])
        draw = self._mean + temperature * torch.exp(0.5 * self.log_variance) * normal
        return draw.clamp(self.low, self.high)


class Bernoulli(Likelihood):
    """N products of coins. Samples lie in [0, 1].

    For values strictly between 0 and 1 this is the customary cross-entropy, which is not a
    normalised density (Loaiza-Ganem and Cunningham 2019): compare it with nothing but itself.

    Args:
        logits: (N, *sample shape).
    """

    discrete = True
    binary = True

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x | z) of x (N, *sample shape) in [0, 1], (N,)."""
        return (x * self.logits - F.softplus(self.logits)).flatten(1).sum(1)

    def mean(self) -> Tensor:
        """Probability of a one, (N, *sample shape)."""
        return torch.sigmoid(self.logits)

    def mode(self) -> Tensor:
        """Zeros and ones, (N, *sample shape)."""
        return (self.logits > 0).to(self.logits.dtype)

    def sample(self, noise: Noise, temperature: float = 1.0) -> Tensor:
        """Zeros and ones, (N, *sample shape). The temperature divides the logits."""
        if temperature == 0.0:
            return self.mode()
        chance = torch.sigmoid(self.logits / temperature)
        return (noise.uniform(*self.logits.shape[1:]) < chance).to(self.logits.dtype)


class Categorical(Likelihood):
    """N products of choices among K evenly spaced levels, such as the tokens 0 to K - 1 of text.

    Values between levels count as the nearest one.

    Args:
        logits: (N, *sample shape, K); K is at least 2. Minus infinity rules a level out.
        low: The first level.
        high: The last level; by default K - 1, so that levels are whole numbers.
    """

    discrete = True

    def __init__(self, logits: Tensor, low: float = 0.0, high: float | None = None) -> None:
        self.logits = logits
        self.count = logits.shape[-1]
        self.low = low
        self.high = float(self.count - 1) if high is None else high
        self.step = (self.high - self.low) / (self.count - 1)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x | z) of x (N, *sample shape) in [low, high], (N,)."""
        level = ((x - self.low) / self.step).round().clamp(0, self.count - 1).long()
        masses = F.log_softmax(self.logits, -1)
        return masses.gather(-1, level.unsqueeze(-1)).flatten(1).sum(1)

    def mean(self) -> Tensor:
        """The expected value, (N, *sample shape); of tokens it means nothing, use `mode`."""
        levels = torch.arange(self.count, device=self.logits.device, dtype=self.logits.dtype)
        return self.low + (F.softmax(self.logits, -1) * levels).sum(-1) * self.step

    def mode(self) -> Tensor:
        """The most likely level, (N, *sample shape)."""
        return self._value(self.logits.argmax(-1))

    def sample(self, noise: Noise, temperature: float = 1.0) -> Tensor:
        """One draw per row, (N, *sample shape). The temperature divides the logits."""
        if temperature == 0.0:
            return self.mode()
        # The inverse distribution function, in float64: float32 loses rare levels among many.
        below = F.softmax(self.logits.double() / temperature, -1).cumsum(-1)
        uniform = noise.uniform(*self.logits.shape[1:-1]).double().unsqueeze(-1)
        level = torch.searchsorted(below, uniform * below[..., -1:], right=True).squeeze(-1)
        return self._value(level)

    def _value(self, level: Tensor) -> Tensor:
        return self.low + level.to(self.logits.dtype) * self.step


class DiscretisedLogistic(Likelihood):
    """N distributions over evenly spaced levels: a logistic's mass in each level's bin.

    The outermost bins take the tails, so the levels' probabilities sum to 1 (Kingma et al. 2016;
    Salimans et al. 2017). Values between levels count as the nearest one.

    Args:
        location: Centre of the logistic, (N, *sample shape).
        log_scale: Natural logarithm of its scale, broadcast to `location`.
        low: The first level.
        high: The last level.
        levels: How many there are: 256 of 8 bits, 65,536 of 16.
    """

    discrete = True

    def __init__(
        self,
        location: Tensor,
        log_scale: Tensor,
        low: float = -1.0,
        high: float = 1.0,
        levels: int = LEVELS,
    ) -> None:
        self.location = location
        self.log_scale = log_scale
        self.low, self.high = low, high
        self.levels = levels
        self.bin = (high - low) / (levels - 1)

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
        return torch.where(level == self.levels - 1, above_lower, mass).flatten(1).sum(1)

    def mean(self) -> Tensor:
        """The expected sample, to within half a bin, (N, *sample shape).

        That of the logistic clipped to the range: the integral of the survival function, of which
        the exact sum over levels is the midpoint rule.
        """
        scale = torch.exp(self.log_scale)
        above_low = F.softplus((self.location - self.low) / scale)
        above_high = F.softplus((self.location - self.high) / scale)
        return (self.low + scale * (above_low - above_high)).clamp(self.low, self.high)

    def mode(self) -> Tensor:
        """The level nearest to the location, (N, *sample shape).

        An outermost level may be likelier still, by the tail in its bin.
        """
        return self.low + self._level(self.location) * self.bin

    def sample(self, noise: Noise, temperature: float = 1.0) -> Tensor:
        """One draw per row, each value one of the levels, (N, *sample shape).

        The temperature multiplies the scale.
        """
        if temperature == 0.0:
            return self.mode()
        uniform = noise.uniform(*self.location.shape[1:])
        draw = self.location + temperature * torch.exp(self.log_scale) * torch.logit(uniform)
        return self.low + self._level(draw) * self.bin

    def _level(self, x: Tensor) -> Tensor:
        return ((x - self.low) / self.bin).round().clamp(0, self.levels - 1)
