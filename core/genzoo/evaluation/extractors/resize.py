"""From stored images to a network's input."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

FILTER = "antialiased bicubic"


def resized(images: Tensor, size: int) -> Tensor:
    """Images (N, H, W, C) uint8 as (N, 3, size, size) float32 in 0..255.

    Bicubic with the filter widened when shrinking, as Pillow does it and as Parmar et al. 2022
    (arXiv:2104.11222) show to matter; clamped, and not rounded to 8 bits again. Grey is repeated.
    """
    x = images.permute(0, 3, 1, 2).float()
    if tuple(x.shape[2:]) != (size, size):
        x = F.interpolate(x, (size, size), mode="bicubic", antialias=True).clamp_(0, 255)
    return x.expand(-1, 3, -1, -1)
