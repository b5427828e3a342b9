"""What computes a coupling's shifts and scales. Any network will do: it is never inverted."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SMALL = 1e-2
"""Deviation of the last layer's weights: a new coupling is nearly the identity."""


class ResidualConvolutions(nn.Module):
    """Images (N, C, H, W) to (N, 2C, H, W), with residual blocks and no normalisation.

    Args:
        channels: C.
        context: Features that the labels are described by; 0 without labels.
        width: Channels inside.
        blocks: Residual blocks.
    """

    def __init__(self, channels: int, context: int, width: int, blocks: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels + context, width, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.SiLU(),
                nn.Conv2d(width, width, 3, padding=1),
                nn.SiLU(),
                nn.Conv2d(width, width, 1),
            )
            for _ in range(blocks)
        )
        last = make_small(nn.Conv2d(width, 2 * channels, 3, padding=1))
        self.last = nn.Sequential(nn.SiLU(), last)

    def forward(self, x: Tensor, context: Tensor | None) -> Tensor:
        """Shifts and raw scales; the context is the same at every pixel."""
        if context is not None:
            x = torch.cat([x, context[:, :, None, None].expand(-1, -1, *x.shape[2:])], 1)
        h = self.first(x)
        for block in self.blocks:
            h = h + block(h)
        return self.last(h)


class ResidualLayers(nn.Module):
    """Vectors (N, C) to (N, 2C), with residual blocks.

    Args:
        channels: C.
        context: Features that the labels are described by; 0 without labels.
        width: Features inside.
        blocks: Residual blocks.
    """

    def __init__(self, channels: int, context: int, width: int, blocks: int) -> None:
        super().__init__()
        self.first = nn.Linear(channels + context, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
            for _ in range(blocks)
        )
        self.last = nn.Sequential(nn.SiLU(), make_small(nn.Linear(width, 2 * channels)))

    def forward(self, x: Tensor, context: Tensor | None) -> Tensor:
        """Shifts and raw scales."""
        h = self.first(x if context is None else torch.cat([x, context], 1))
        for block in self.blocks:
            h = h + block(h)
        return self.last(h)


def make_small(layer: nn.Conv2d | nn.Linear) -> nn.Module:
    """The layer, to begin with weights near zero and without biases."""
    nn.init.normal_(layer.weight, std=SMALL)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
