"""Features of a network with published weights, whatever the network."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genzoo import FeatureExtractor, fold_batch_norm

AT_ONCE = 4
"""Images that a processor takes at once: what lies between layers then stays in its caches."""


class NetworkFeatures(FeatureExtractor):
    """Images, resized, through a network for inference alone.

    Attributes:
        size: Side in pixels of what the network takes.
        centre: The value of 8 bits that becomes 0.
        network: Images (N, 3, size, size) in about [-1, 1] to features (N, D).
    """

    size: int
    resize = "antialiased bicubic"
    centre: ClassVar[float]
    network: nn.Module

    def take(self, network: nn.Module) -> None:
        """Use a network that has its weights, its normalisation folded into convolutions."""
        inference = fold_batch_norm(network.eval().requires_grad_(False))
        self.network = inference.to(self.device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def extract(self, images: Tensor) -> Tensor:
        """See `FeatureExtractor.extract`."""
        at_once = AT_ONCE if self.device.type == "cpu" else len(images)
        return torch.cat([self._features(few) for few in images.split(at_once)])

    def _features(self, images: Tensor) -> Tensor:
        x = resized(images.to(self.device), self.size)
        return self.network((x - self.centre) / 128)


def resized(images: Tensor, size: int) -> Tensor:
    """Images (N, H, W, C) uint8 as (N, 3, size, size) float32 in 0..255.

    Bicubic with the filter widened when shrinking, as Pillow does it and as Parmar et al. 2022
    (arXiv:2104.11222) show to matter; clamped, and not rounded to 8 bits again. Grey is repeated.
    """
    x = images.permute(0, 3, 1, 2).float()
    if tuple(x.shape[2:]) != (size, size):
        x = F.interpolate(x, (size, size), mode="bicubic", antialias=True).clamp_(0, 255)
    return x.expand(-1, 3, -1, -1)
