"""What all layers of the style-based networks share.

Karras et al. 2020 (arXiv:1912.04958): learning rates equalised by gains at run time, leaky ReLU
that keeps the variance, resampling with a lowpass filter.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2
GAIN = 2.0**0.5
"""Keeps the variance through the leaky ReLU, as StyleGAN takes it."""

FILTER = (0.125, 0.375, 0.375, 0.125)
"""Of each direction, before every other value is taken and after zeros are put between values."""

EPSILON = 1e-8


class ScaledLinear(nn.Module):
    """A linear layer whose weights are scaled at run time, computed in float32.

    Args:
        inputs: Features in.
        outputs: Features out.
        activate: Apply a leaky ReLU.
        lr_multiplier: How much slower than the others this layer learns.
        bias: What the biases start from.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        activate: bool = False,
        lr_multiplier: float = 1.0,
        bias: float = 0.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / lr_multiplier)
        self.bias = nn.Parameter(torch.full((outputs,), bias))
        self._gain = lr_multiplier / inputs**0.5
        self._bias_gain = lr_multiplier
        self._activate = activate

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs) to (N, outputs), float32."""
        with torch.autocast(x.device.type, enabled=False):
            weight, x = self.weight, x.to(self.weight.dtype)
            made = F.linear(x, weight * self._gain, self.bias * self._bias_gain)
            return activated(made) if self._activate else made


class ScaledConv(nn.Conv2d):
    """A convolution that keeps the size or, with `down`, halves it; weights scaled at run time.

    Args:
        channels: Channels in.
        outputs: Channels out.
        side: Of the kernel in pixels, odd.
        down: Halve the size, behind a lowpass filter.
        activate: Apply a leaky ReLU.
        bias: Whether it has biases.
        gain: Of the result.
        clamp: Greatest size of an activation before that gain; None for any.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        side: int,
        *,
        down: bool = False,
        activate: bool = True,
        bias: bool = True,
        gain: float = 1.0,
        clamp: float | None = None,
    ) -> None:
        super().__init__(channels, outputs, side, bias=bias)
        nn.init.normal_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)
        self._down = down
        self._activate = activate
        self._gain = (GAIN if activate else 1.0) * gain
        self._scale = (channels * side**2) ** -0.5 * self._gain
        self._clamp = None if clamp is None else clamp * gain

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, H, W) to (N, outputs, H, W), or half of both sides."""
        # The gain behind a leaky ReLU goes in front of it: there it costs nothing.
        weight = self.weight * self._scale
        bias = None if self.bias is None else self.bias * self._gain
        side = self.kernel_size[0]
        if not self._down:
            made = F.conv2d(x, weight, bias, padding=side // 2)
        elif side == 1:
            made = F.conv2d(downsample(x), weight, bias)
        else:
            made = F.conv2d(lowpass(x, side // 2 + 1), weight, bias, stride=2)
        return clamped(
            F.leaky_relu(made, SLOPE, inplace=True) if self._activate else made, self._clamp
        )


def activated(x: Tensor) -> Tensor:
    """Leaky ReLU with its gain."""
    return F.leaky_relu(x, SLOPE) * GAIN


def clamped(x: Tensor, most: float | None) -> Tensor:
    """Values held to [-most, most]."""
    if most is None:
        return x
    return x.clamp(-most, most) if torch.is_grad_enabled() else x.clamp_(-most, most)


def normalised(x: Tensor) -> Tensor:
    """(N, F) scaled so that the mean square of each row is 1."""
    return x * (x.square().mean(1, keepdim=True) + EPSILON).rsqrt()


def lowpass(x: Tensor, padding: int, gain: float = 1.0, bias: Tensor | None = None) -> Tensor:
    """Filter (N, C, H, W), one direction after the other, each side padded with zeros first.

    Args:
        x: Of any kind.
        padding: Zeros on each side.
        gain: Of the result.
        bias: Added to it, (C,).
    """
    line = _line(x) * gain**0.5
    channels = x.shape[1]
    x = F.conv2d(x, _of_each(line[:, None], channels), padding=(padding, 0), groups=channels)
    return F.conv2d(x, _of_each(line, channels), bias, padding=(0, padding), groups=channels)


def downsample(x: Tensor) -> Tensor:
    """Half of both sides, behind the lowpass filter."""
    line, channels = _line(x), x.shape[1]
    x = F.conv2d(
        x, _of_each(line[:, None], channels), stride=(2, 1), padding=(1, 0), groups=channels
    )
    return F.conv2d(x, _of_each(line, channels), stride=(1, 2), padding=(0, 1), groups=channels)


def upsample(x: Tensor) -> Tensor:
    """Twice both sides, with the lowpass filter between the values."""
    line = _line(x)
    kernel = _of_each(4.0 * line[:, None] * line, x.shape[1])
    return F.conv_transpose2d(x, kernel, stride=2, padding=1, groups=x.shape[1])


def _line(x: Tensor) -> Tensor:
    return torch.tensor(FILTER, dtype=x.dtype, device=x.device)


def _of_each(kernel: Tensor, channels: int) -> Tensor:
    """The kernel (H, W) or (W,) for each channel alone, (channels, 1, H, W)."""
    shaped = kernel if kernel.dim() == 2 else kernel[None]
    return shaped.expand(channels, 1, *shaped.shape)
