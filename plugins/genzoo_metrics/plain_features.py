"""Features without a network: coarse pixels, and samples as they are stored."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from genzoo import FeatureExtractor

SIDE = 8


class PooledPixels(FeatureExtractor):
    """Images averaged to 8x8 pixels in [0, 1], flattened: 64 features for each channel.

    Always there, and blind to everything fine.
    """

    hash = "pixels-1"
    size = SIDE
    resize = "average pooling"

    def extract(self, images: Tensor) -> Tensor:
        """See `FeatureExtractor.extract`."""
        x = images.to(self.device).permute(0, 3, 1, 2).float() / 255
        return F.adaptive_avg_pool2d(x, SIDE).flatten(1)


class StoredValues(FeatureExtractor):
    """Every value of a row is a feature. Right for points and vectors, seldom for images."""

    hash = "values-1"

    def extract(self, images: Tensor) -> Tensor:
        """The rows, flattened."""
        return images.to(self.device).flatten(1).float()
