"""How far images are from what they become when encoded and decoded again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from genzoo import Estimate, Metric, Model, Subject, bootstrap_mean

LEAST_ERROR = 1e-10
"""Mean squared error at which the signal-to-noise ratio stops at 100 dB."""

WINDOW, SIGMA = 11, 1.5
STABLE = (0.01**2, 0.03**2)


class Reconstruction(Metric):
    """How far images are from what they become when encoded and decoded again."""

    parameters: ClassVar[Mapping[str, Any]] = {"images": 2000}

    def applies(self, model: Model) -> bool:
        """Models with an encoder."""
        return model.can_encode

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """Mean squared error and peak signal-to-noise ratio of values in [0, 1], and SSIM."""
        count = min(self.parameters["images"], len(subject.data))
        errors, ratios, likenesses = subject.rows(self, count, "Reconstructions").T
        return [
            Estimate(name="Reconstruction error", interval=bootstrap_mean(errors), better="lower"),
            Estimate(name="PSNR", interval=bootstrap_mean(ratios), better="higher", unit="dB"),
            Estimate(name="SSIM", interval=bootstrap_mean(likenesses), better="higher"),
        ]

    def rows(self, subject: Subject, numbers: range) -> NDArray[np.float64]:
        """The three numbers of each image, (n, 3)."""
        x, labels = subject.images(numbers)
        made = subject.model.reconstruct(x, labels, batch_size=len(x))
        first, second = (_unit(rows, subject) for rows in (x, made))
        measures = (squared_error, signal_to_noise, structural_similarity)
        return torch.stack([measure(first, second).double() for measure in measures], 1).numpy()


def _unit(x: Tensor, subject: Subject) -> Tensor:
    """Samples (N, C, H, W), rounded as they are stored, in [0, 1]."""
    rows = subject.data.kind.rows(x, subject.model.sample_spec)
    return torch.from_numpy(rows).permute(0, 3, 1, 2).float() / 255


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
