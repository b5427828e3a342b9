"""Layers without aliasing (Karras et al. 2021, arXiv:2106.12423, sections 2 and 3)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genzoo_gan.stylegan.filters import design_lowpass
from genzoo_gan.stylegan.layers import GAIN, SLOPE, ScaledLinear, clamped
from genzoo_gan.stylegan.modulated import ModulatedConv

FILTER_SIZE = 6
"""Taps of a filter for each sample of the lower rate."""

LRELU_UPSAMPLING = 2
"""How much finer than its input and output the leaky ReLU of a layer works."""

MAGNITUDE_DECAY = 0.999


@dataclass(frozen=True)
class Signal:
    """What flows between two layers.

    Attributes:
        channels: How many.
        size: Side of the maps in samples, with their margins.
        rate: Samples across an image.
        cutoff: Greatest frequency, in periods across an image.
        half_width: Of the transition band above it.
    """

    channels: int
    size: int
    rate: int
    cutoff: float
    half_width: float


class FourierInput(nn.Module):
    """Sines of random frequencies in a plane that the style turns and moves (section 3.1).

    Args:
        signal: What comes out.
        style_dim: Dimensions of a style.

    Attributes:
        transform: Inverse of a further transform of the image, (3, 3).
    """

    freqs: Tensor
    phases: Tensor
    transform: Tensor

    def __init__(self, signal: Signal, style_dim: int) -> None:
        super().__init__()
        self._signal = signal
        frequencies = torch.randn(signal.channels, 2)
        radii = frequencies.square().sum(1, keepdim=True).sqrt()
        # Evenly spread over a disc whose radius is the cutoff.
        frequencies = frequencies / (radii * radii.square().exp().pow(0.25)) * signal.cutoff
        self.weight = nn.Parameter(torch.randn(signal.channels, signal.channels))
        self.affine = ScaledLinear(style_dim, 4)
        with torch.no_grad():
            self.affine.weight.zero_()
            self.affine.bias.copy_(torch.tensor([1.0, 0.0, 0.0, 0.0]))
        self.register_buffer("transform", torch.eye(3))
        self.register_buffer("freqs", frequencies)
        self.register_buffer("phases", torch.rand(signal.channels) - 0.5)

    def forward(self, style: Tensor) -> Tensor:
        """Map styles (N, style_dim) to features (N, C, size, size), float32."""
        with torch.autocast(style.device.type, enabled=False):
            return self._features(self.affine(style))

    def _features(self, turn: Tensor) -> Tensor:
        signal = self._signal
        turn = turn / turn[:, :2].norm(dim=1, keepdim=True)
        cosine, sine, right, down = turn.unbind(1)
        one, zero = torch.ones_like(cosine), torch.zeros_like(cosine)
        rotation = torch.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, one], 1)
        shift = torch.stack([one, zero, -right, zero, one, -down, zero, zero, one], 1)
        matrix = rotation.view(-1, 3, 3) @ shift.view(-1, 3, 3) @ self.transform
        phases = self.phases + (self.freqs @ matrix[:, :2, 2:]).squeeze(2)
        frequencies = self.freqs @ matrix[:, :2, :2]
        # Frequencies that a further transform brings over the cutoff fade out.
        room = signal.rate / 2 - signal.cutoff
        amplitudes = (1 - (frequencies.norm(dim=2) - signal.cutoff) / room).clamp(0, 1)
        places = (torch.arange(signal.size, device=turn.device) + 0.5) / signal.rate
        places = places - 0.5 * signal.size / signal.rate
        across = places[:, None] * frequencies[:, None, :, 0]
        along = places[:, None] * frequencies[:, None, :, 1]
        angles = along[:, :, None] + across[:, None] + phases[:, None, None]
        waves = torch.sin(2 * math.pi * angles) * amplitudes[:, None, None]
        return (waves @ (self.weight / self.weight.shape[0] ** 0.5).t()).permute(0, 3, 1, 2)


class AliasFreeConv(ModulatedConv):
    """A modulated convolution and a leaky ReLU between an upsampling and a downsampling.

    Args:
        before: What comes in.
        after: What goes out.
        style_dim: Dimensions of a style.
        kernel: Side of the convolution's kernel.
        radial: Filter all directions alike when downsampling.
        clamp: Greatest size of an activation; None for any.

    Attributes:
        magnitude_ema: Mean square of the inputs, by which they are scaled, ().
        running_means: Names of buffers that become their means over several processes.
        measured: That of the last batch in training, () or None.
    """

    running_means = ("magnitude_ema",)

    magnitude_ema: Tensor
    up_filter: Tensor
    down_filter: Tensor

    def __init__(
        self,
        before: Signal,
        after: Signal,
        style_dim: int,
        *,
        kernel: int,
        radial: bool,
        clamp: float | None,
    ) -> None:
        super().__init__(before.channels, after.channels, kernel, style_dim, demodulate=True)
        rate = fine_rate(before, after)
        self._up, self._down = rate // before.rate, rate // after.rate
        self._clamp = clamp
        self.measured: Tensor | None = None
        up, down = layer_filters(before, after, radial=radial)
        self.register_buffer("magnitude_ema", torch.ones(()))
        self.register_buffer("up_filter", up, persistent=False)
        self.register_buffer("down_filter", down, persistent=False)
        # The samples of both rates lie symmetrically about the middle (appendix C.3).
        total = (after.size - 1) * self._down + 1 - (before.size + kernel - 1) * self._up
        total += len(up) + len(down) - 2
        low = (total + self._up) // 2
        full = len(up) - 1
        self._crop = (low - full, total - low - full + self._up - 1)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:  # type: ignore[override]
        """Map (N, C, H, W) and styles (N, style_dim) to what the next layer takes."""
        if self.training:
            self.measured = mean_square(x)
        into, back = self.scales(style)
        assert back is not None
        into = into * self.magnitude_ema.rsqrt()
        x = x * into[:, :, None, None].to(x.dtype)
        made = F.conv2d(x, self.weight, padding=self.kernel_size[0] - 1)
        made = made * back[:, :, None, None].to(made.dtype) + self._bias(made)
        fine = F.leaky_relu(self._upsampled(made), SLOPE, inplace=True)
        return self._downsampled(clamped(fine * GAIN, self._clamp))

    def _bias(self, like: Tensor) -> Tensor:
        assert self.bias is not None
        return self.bias.to(like.dtype)[:, None, None]

    def _upsampled(self, x: Tensor) -> Tensor:
        channels, up = x.shape[1], self._up
        line = (self.up_filter * up).to(x.dtype)
        column = line.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
        row = line.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
        x = F.conv_transpose2d(x, column, stride=(up, 1), groups=channels)
        x = F.pad(x, (0, 0, *self._crop))
        x = F.conv_transpose2d(x, row, stride=(1, up), groups=channels)
        return F.pad(x, (*self._crop, 0, 0))

    def _downsampled(self, x: Tensor) -> Tensor:
        channels, down, kernel = x.shape[1], self._down, self.down_filter.to(x.dtype)
        if kernel.dim() == 2:
            plane = kernel.expand(channels, 1, -1, -1)
            return F.conv2d(x, plane, stride=down, groups=channels)
        column = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
        row = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
        x = F.conv2d(x, column, stride=(down, 1), groups=channels)
        return F.conv2d(x, row, stride=(1, down), groups=channels)


def fine_rate(before: Signal, after: Signal) -> int:
    """Samples across an image where the leaky ReLU of a layer works."""
    return max(before.rate, after.rate) * LRELU_UPSAMPLING


def layer_filters(before: Signal, after: Signal, *, radial: bool) -> tuple[Tensor, Tensor]:
    """Of a layer's upsampling and of its downsampling."""
    rate = fine_rate(before, after)
    taps_up, taps_down = FILTER_SIZE * rate // before.rate, FILTER_SIZE * rate // after.rate
    up = design_lowpass(taps_up, before.cutoff, 2 * before.half_width, rate, radial=False)
    down = design_lowpass(taps_down, after.cutoff, 2 * after.half_width, rate, radial=radial)
    return up, down


class AliasFreeImage(ModulatedConv):
    """The last layer: a modulated 1x1 convolution, without filters and leaky ReLU.

    Args:
        channels: Channels in.
        outputs: Channels of the image.
        style_dim: Dimensions of a style.
        clamp: Greatest size of a value; None for any.

    Attributes:
        magnitude_ema, running_means: As of `AliasFreeConv`.
        measured: As of `AliasFreeConv`.
    """

    running_means = ("magnitude_ema",)

    magnitude_ema: Tensor

    def __init__(self, channels: int, outputs: int, style_dim: int, *, clamp: float | None) -> None:
        super().__init__(channels, outputs, 1, style_dim, demodulate=False)
        self._clamp = clamp
        self.measured: Tensor | None = None
        self.register_buffer("magnitude_ema", torch.ones(()))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:  # type: ignore[override]
        """Map (N, C, H, W) and styles (N, style_dim) to images (N, outputs, H, W)."""
        if self.training:
            self.measured = mean_square(x)
        into, _ = self.scales(style)
        into = into * self.magnitude_ema.rsqrt()
        made = F.conv2d(x * into[:, :, None, None].to(x.dtype), self.weight, self.bias)
        return clamped(made, self._clamp)


def mean_square(x: Tensor) -> Tensor:
    """Of all values, () float32, cut off from gradients."""
    return x.detach().float().square().mean()
