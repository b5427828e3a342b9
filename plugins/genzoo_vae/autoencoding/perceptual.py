"""How far images are apart in what a frozen network makes of them."""

from __future__ import annotations

import torch
from torch import Tensor

from genzoo import FeatureNetwork, UsageError, feature_network

AUTO, NONE = "auto", "none"
EPSILON = 1e-6


class PerceptualDistance:
    """Squared distance of maps whose vectors have length 1, as in LPIPS (Zhang et al. 2018).

    Without that paper's learned weights: each map counts as its mean over places.

    Args:
        network: Gives the maps.
        side: Least side of the images in pixels, for maps that they are large enough for.
    """

    def __init__(self, network: FeatureNetwork, side: int) -> None:
        self.network = network
        self.taps = [name for name, stride in network.strides.items() if stride * 2 <= side]

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Distance of each pair of images (N, C, H, W) in [-1, 1], (N,); gradients flow to y."""
        self.network.to(x.device)
        with torch.no_grad():
            expected = self.network(x, self.taps)
        found = self.network(y, self.taps)
        distances = [_distance(a, b) for a, b in zip(expected, found, strict=True)]
        return torch.stack(distances).mean(0)


def open_distance(name: str, side: int) -> PerceptualDistance | None:
    """The distance in a feature space; None for `none`, and for `auto` where none is installed.

    Raises:
        UsageError: There is no such network, or it is not installed.
    """
    if name == NONE:
        return None
    if name != AUTO:
        return PerceptualDistance(feature_network(name), side)
    try:
        return PerceptualDistance(feature_network(), side)
    except UsageError:
        return None


def _distance(a: Tensor, b: Tensor) -> Tensor:
    difference = _unit(a.float()) - _unit(b.float())
    return difference.square().sum(1).flatten(1).mean(1)


def _unit(maps: Tensor) -> Tensor:
    return maps / (maps.square().sum(1, keepdim=True) + EPSILON).sqrt()
