"""Normalisation-free residual blocks with grouped convolutions.

Huang et al. 2024 (arXiv:2501.05441), section 3: ResNeXt bottlenecks, LeakyReLU with
biases, fix-up initialisation (Zhang et al. 2019, arXiv:1901.09321), resampling with a lowpass
filter on both sides.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2
GAIN = (2.0 / (1.0 + SLOPE**2)) ** 0.5
"""Keeps the variance through a LeakyReLU of that slope (He et al. 2015, equation 15)."""

FILTER = (1.0, 3.0, 3.0, 1.0)
"""Of both directions, before every other value is taken and after zeros are put between values.

It is the bilinear filter for twice the size, and passes less of what half the size cannot show than
the mean of 2x2 pixels does (Karras et al. 2020, arXiv:1912.04958, appendix B).
"""


class ResidualBlock(nn.Module):
    """x + W3 f(W2 f(W1 x)): 1x1 widening, grouped 3x3, 1x1 narrowing, no normalisation.

    W3 starts at zero and W1 and W2 are scaled by depth^(-1/4), so that the variance does not grow
    with depth (fix-up for branches of three layers).

    Args:
        channels: Channels in and out.
        hidden: Channels inside.
        groups: Groups of the 3x3 convolution.
        depth: Residual blocks in the whole network.
    """

    def __init__(self, channels: int, hidden: int, groups: int, depth: int) -> None:
        super().__init__()
        gain = GAIN * depth**-0.25
        self.widen = scaled_conv(channels, hidden, 1, gain=gain, bias=True)
        self.mix = scaled_conv(hidden, hidden, 3, gain=gain, bias=True, groups=groups)
        self.narrow = scaled_conv(hidden, channels, 1, gain=0.0)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        hidden = F.leaky_relu(self.widen(x), SLOPE, inplace=True)
        hidden = F.leaky_relu(self.mix(hidden), SLOPE, inplace=True)
        return x + self.narrow(hidden)


class Upsample(nn.Module):
    """1x1 convolution where the channels change, then twice the size; zeros around the border."""

    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__()
        self.convert = transition(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, outputs, 2H, 2W)."""
        x = self.convert(x)
        kernel = 4.0 * lowpass(x)
        return F.conv_transpose2d(x, kernel, stride=2, padding=1, groups=x.shape[1])


class Downsample(nn.Module):
    """Half the size, zeros around the border, then 1x1 convolution where the channels change."""

    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__()
        self.convert = transition(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, outputs, H/2, W/2)."""
        return self.convert(F.conv2d(x, lowpass(x), stride=2, padding=1, groups=x.shape[1]))


def lowpass(x: Tensor) -> Tensor:
    """The filter for each channel of x (N, C, H, W) alone: (C, 1, 4, 4), its sum is 1."""
    line = torch.tensor(FILTER, dtype=x.dtype, device=x.device)
    kernel = line[:, None] * line / line.sum().square()
    return kernel.expand(x.shape[1], 1, -1, -1)


def transition(channels: int, outputs: int) -> nn.Module:
    """A 1x1 convolution, or nothing where the channels stay."""
    return nn.Identity() if channels == outputs else scaled_conv(channels, outputs, 1)


def scaled_conv(
    channels: int,
    outputs: int,
    side: int,
    *,
    gain: float = 1.0,
    bias: bool = False,
    groups: int = 1,
) -> nn.Conv2d:
    """A convolution that keeps the size, weights from N(0, gain^2 / fan in), biases zero."""
    conv = nn.Conv2d(channels, outputs, side, padding=side // 2, groups=groups, bias=bias)
    nn.init.normal_(conv.weight, std=gain * (channels // groups * side**2) ** -0.5)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
