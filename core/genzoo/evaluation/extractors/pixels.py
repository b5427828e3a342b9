"""Coarse pixels as features: always there, and blind to everything fine."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from genzoo.interfaces.feature_extractor import FeatureExtractor

SIDE = 8


class PooledPixels(FeatureExtractor):
    """Images averaged to 8x8 pixels in [0, 1], flattened: 64 features for each channel."""

    hash = "pixels-1"
    size = SIDE
    resize = "average pooling"

    def extract(self, images: Tensor) -> Tensor:
        """See `FeatureExtractor.extract`."""
        x = images.to(self.device).permute(0, 3, 1, 2).float() / 255
        return F.adaptive_avg_pool2d(x, SIDE).flatten(1)
