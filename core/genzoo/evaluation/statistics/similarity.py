"""How alike two images are, pixel by pixel and by structure."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

LEAST_ERROR = 1e-10
"""Mean squared error at which the signal-to-noise ratio stops at 100 dB."""

WINDOW, SIGMA = 11, 1.5
STABLE = (0.01**2, 0.03**2)


def squared_error(x: Tensor, y: Tensor) -> Tensor:
    """Mean squared difference of images (N, C, H, W), (N,)."""
    return (x - y).square().flatten(1).mean(1)


def signal_to_noise(x: Tensor, y: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of images (N, C, H, W) in [0, 1], in dB, (N,)."""
    return -10 * squared_error(x, y).clamp_min(LEAST_ERROR).log10()


def structural_similarity(x: Tensor, y: Tensor) -> Tensor:
    """SSIM of images (N, C, H, W) in [0, 1] (Wang et al. 2004, equation 13), (N,).

    Windows are Gaussian, 11 pixels wide with a deviation of 1.5, and lie inside the image; smaller
    images have smaller windows. The mean is over places and channels; it is at most 1.
    """
    # In double precision: in bright flat places squares of means cancel all but rounding.
    x, y = x.double(), y.double()
    side = min(WINDOW, *x.shape[2:])
    first, second = _blurred(x, side), _blurred(y, side)
    squares = _blurred(x * x, side) - first.square(), _blurred(y * y, side) - second.square()
    joint = _blurred(x * y, side) - first * second
    means = (2 * first * second + STABLE[0]) / (first.square() + second.square() + STABLE[0])
    shapes = (2 * joint + STABLE[1]) / (squares[0] + squares[1] + STABLE[1])
    return (means * shapes).flatten(1).mean(1)


def _blurred(x: Tensor, side: int) -> Tensor:
    """Weighted means of all windows, (N, C, H - side + 1, W - side + 1)."""
    places = torch.arange(side, dtype=x.dtype, device=x.device) - (side - 1) / 2
    weights = torch.exp(-places.square() / (2 * SIGMA**2))
    weights = weights / weights.sum()
    channels = x.shape[1]
    across = weights.expand(channels, 1, 1, side)
    down = across.transpose(2, 3)
    return F.conv2d(F.conv2d(x, across, groups=channels), down, groups=channels)
