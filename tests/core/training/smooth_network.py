"""A frozen network without corners.

The gradient through the many corners of a published one changes by a hundredth where its input
changes by a ten-millionth, which is what sums in another order do. Runs in several processes can be
compared through this one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from genzoo import FeatureNetwork, FeatureSpec
from genzoo.registry import Registry

NAME = "smooth"


class SmoothNetwork(FeatureNetwork):
    """Strided convolutions with tanh, of weights that are the same everywhere."""

    hash = "smooth-1"

    def __init__(self) -> None:
        super().__init__()
        self.channels = {"fine": 6, "coarse": 8}
        self.strides = {"fine": 4, "coarse": 8}
        random = torch.Generator().manual_seed(0)
        self.fine, self.coarse = nn.Conv2d(3, 6, 4, 4), nn.Conv2d(6, 8, 2, 2)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=random) * 0.3)
        self.requires_grad_(False)

    def forward(self, x: Tensor, taps: Sequence[str] | None = None) -> list[Tensor]:
        """See `FeatureNetwork.forward`."""
        fine = torch.tanh(self.fine(x.expand(-1, 3, -1, -1)))
        found = {"fine": fine, "coarse": torch.tanh(self.coarse(fine))}
        return [found[name] for name in taps or found]


def register(registry: Registry) -> None:
    """Let runs in this process name it."""
    spec = FeatureSpec(name=NAME, target="nowhere:Nothing", network=f"{__name__}:SmoothNetwork")
    registry.add_all([spec], "genzoo-smooth", "1")
