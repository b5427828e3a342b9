"""Normalisation that looks at no batch but the first (Kingma and Dhariwal 2018, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genzoo_flow.bijections import Bijection

LEAST_DEVIATION = 1e-2


class ActNorm(Bijection):
    """z = (x + shift) exp(log_scale), a shift and a scale for each channel.

    The first training batch sets both so that z has mean 0 and variance 1; from then on they are
    ordinary parameters, and no sample depends on its batch. Whether that has happened is a buffer,
    so it is saved with the weights: a resumed run does not begin again.

    Args:
        channels: C.
        dimensions: 1 for vectors (N, C), 3 for images (N, C, H, W).
    """

    initialised: Tensor

    def __init__(self, channels: int, dimensions: int) -> None:
        super().__init__()
        shape = (channels, *[1] * (dimensions - 1))
        self.shift = nn.Parameter(torch.zeros(shape))
        self.log_scale = nn.Parameter(torch.zeros(shape))
        self.register_buffer("initialised", torch.zeros((), dtype=torch.bool))

    def forward(self, z: Tensor, context: Tensor | None) -> Tensor:
        """x = z exp(-log_scale) - shift."""
        return z * torch.exp(-self.log_scale) - self.shift

    def inverse(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """z, and log_scale summed over all values of a sample, (N,)."""
        if self.training and not self.initialised:
            self._initialise(x)
        z = (x + self.shift) * torch.exp(self.log_scale)
        return z, self.log_scale.expand_as(x).flatten(1).sum(1)

    @torch.no_grad()
    def _initialise(self, x: Tensor) -> None:
        values = x.transpose(0, 1).flatten(1)
        deviation = values.std(1, correction=0).clamp_min(LEAST_DEVIATION)
        self.shift.copy_(-values.mean(1).view_as(self.shift))
        self.log_scale.copy_(-deviation.log().view_as(self.log_scale))
        self.initialised.fill_(True)
