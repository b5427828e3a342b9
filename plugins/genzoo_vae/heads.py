"""The last step of a decoder: from a raw map of numbers to a likelihood.

Heads compute in float32 whatever the precision of the layers before: sums over thousands of
dimensions need it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo import Bernoulli, DiscretisedLogistic, Gaussian, Likelihood, SampleSpec
from genzoo_vae.configs import ConvVAEConfig

LEAST_LOG_SCALE = -6.0


class LearnedLogScale(nn.Module):
    """One learned log scale, softly bounded below at -6 (Rybkin et al. 2021, appendix).

    Args:
        scale: Initial scale, above exp(-6).
    """

    def __init__(self, scale: float) -> None:
        super().__init__()
        excess = max(math.log(scale) - LEAST_LOG_SCALE, 1e-2)
        self.raw = nn.Parameter(torch.tensor(math.log(math.expm1(excess))))

    def forward(self) -> Tensor:
        """The log scale, ()."""
        return LEAST_LOG_SCALE + F.softplus(self.raw)


class FixedLogScale(nn.Module):
    """A constant log scale, part of no state."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.value = math.log(scale)

    def forward(self) -> Tensor:
        """The log scale, ()."""
        return torch.tensor(self.value)


class GaussianHead(nn.Module):
    """Mean by tanh, in (-1, 1), and one scale for all dimensions."""

    def __init__(self, log_scale: nn.Module) -> None:
        super().__init__()
        self.log_scale = log_scale

    def forward(self, raw: Tensor) -> Likelihood:
        """Likelihoods of `raw` (N, *sample shape)."""
        return Gaussian(torch.tanh(raw.float()), 2.0 * self.log_scale(), -1.0, 1.0)


class BernoulliHead(nn.Module):
    """Logits as they come."""

    def forward(self, raw: Tensor) -> Likelihood:
        """Likelihoods of `raw` (N, *sample shape)."""
        return Bernoulli(raw.float())


class LogisticHead(nn.Module):
    """Location by tanh, in (-1, 1), and one learned scale for all dimensions."""

    def __init__(self, log_scale: nn.Module) -> None:
        super().__init__()
        self.log_scale = log_scale

    def forward(self, raw: Tensor) -> Likelihood:
        """Likelihoods of `raw` (N, *sample shape)."""
        return DiscretisedLogistic(torch.tanh(raw.float()), self.log_scale(), -1.0, 1.0)


def make_head(config: ConvVAEConfig) -> nn.Module:
    """The head for the likelihood that `config` names."""
    match config.likelihood:
        case "gaussian":
            return GaussianHead(LearnedLogScale(config.scale))
        case "fixed-gaussian":
            return GaussianHead(FixedLogScale(config.scale))
        case "bernoulli":
            return BernoulliHead()
        case "discretised-logistic":
            return LogisticHead(LearnedLogScale(config.scale))


def with_range_of(config: ConvVAEConfig, sample: SampleSpec) -> SampleSpec:
    """`sample` in the range of the likelihood: (0, 1) for Bernoulli, (-1, 1) otherwise."""
    return sample.with_range(0.0 if config.likelihood == "bernoulli" else -1.0, 1.0)
