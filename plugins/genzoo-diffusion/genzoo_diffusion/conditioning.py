"""Time and class as one vector, and how it enters the network."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

NO_CLASS = -1
"""The label of a sample whose class is not told."""

LONGEST_PERIOD = 10_000.0


class Condition(nn.Module):
    """Embeds times and classes.

    Args:
        width: Features of the sinusoids, even.
        features: Features of the result.
        latest: The time of pure noise.
        classes: Number of classes; 0 for an unconditional network.
    """

    def __init__(self, width: int, features: int, latest: float, classes: int) -> None:
        super().__init__()
        self.width = width
        self.latest = latest
        self.time = nn.Sequential(
            nn.Linear(width, features), nn.SiLU(), nn.Linear(features, features)
        )
        self.label = nn.Embedding(classes + 1, features) if classes else None

    def forward(self, t: Tensor, labels: Tensor | None) -> Tensor:
        """Times (N,) and labels (N,) to vectors (N, features).

        A label may be `NO_CLASS`; without labels all are.
        """
        vectors = self.time(sinusoids(t * (1000.0 / self.latest), self.width))
        if self.label is not None:
            known = torch.full(t.shape, NO_CLASS, device=t.device) if labels is None else labels
            vectors = vectors + self.label(known - NO_CLASS)
        return vectors


class FiLM(nn.Module):
    """Scales and shifts channels as the condition says (Perez et al. 2018, arXiv:1709.07871)."""

    def __init__(self, features: int, channels: int) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.SiLU(), nn.Linear(features, 2 * channels))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x (N, channels, H, W) under conditions (N, features)."""
        scale, shift = self.project(condition)[:, :, None, None].chunk(2, dim=1)
        return x * (1.0 + scale) + shift


def sinusoids(t: Tensor, features: int) -> Tensor:
    """Sines and cosines of times (N,) at falling frequencies, (N, features).

    Vaswani et al. 2017 (arXiv:1706.03762), section 3.5.
    """
    half = features // 2
    exponents = torch.arange(half, device=t.device) / half
    angles = t.float()[:, None] * torch.exp(-math.log(LONGEST_PERIOD) * exponents)
    return torch.cat([angles.sin(), angles.cos()], dim=1)
