"""Convolutions that a style modulates (Karras et al. 2020, arXiv:1912.04958, section 2.2)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genzoo import Noise
from genzoo_gan.stylegan.layers import EPSILON, GAIN, SLOPE, ScaledLinear, clamped, lowpass


class ModulatedConv(nn.Conv2d):
    """A convolution whose input channels are scaled by a style, its output channels back to 1.

    To scale what goes in and what comes out is the same as to scale the weights of each sample, and
    leaves one convolution for the whole batch (appendix B of the paper).

    Args:
        channels: Channels in.
        outputs: Channels out.
        side: Of the kernel in pixels, odd.
        style_dim: Dimensions of a style.
        demodulate: Scale back.
    """

    def __init__(
        self, channels: int, outputs: int, side: int, style_dim: int, *, demodulate: bool
    ) -> None:
        super().__init__(channels, outputs, side)
        nn.init.normal_(self.weight)
        assert self.bias is not None
        nn.init.zeros_(self.bias)
        self.affine = ScaledLinear(style_dim, channels, bias=1.0)
        self._demodulate = demodulate

    def scales(self, style: Tensor) -> tuple[Tensor, Tensor | None]:
        """Factors for the channels in (N, channels) and out (N, outputs), float32."""
        factors = self.affine(style)
        if not self._demodulate:
            return factors * (self.in_channels * self.kernel_size[0] ** 2) ** -0.5, None
        with torch.autocast(style.device.type, enabled=False):
            power = self.weight.square().sum((2, 3))
            back = (F.linear(factors.square(), power) + EPSILON).rsqrt()
        return factors, back


class StyledConv(ModulatedConv):
    """A modulated 3x3 convolution with noise, biases and a leaky ReLU; with `up`, twice the size.

    Args:
        channels: Channels in.
        outputs: Channels out.
        size: Height and width of what comes out.
        style_dim: Dimensions of a style.
        up: Double the size, with a lowpass filter behind.
        gain: Of the result.
        clamp: Greatest size of an activation before that gain; None for any.
    """

    noise_const: Tensor

    def __init__(
        self,
        channels: int,
        outputs: int,
        size: tuple[int, int],
        style_dim: int,
        *,
        up: bool = False,
        gain: float = 1.0,
        clamp: float | None = None,
    ) -> None:
        super().__init__(channels, outputs, 3, style_dim, demodulate=True)
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise_const", torch.randn(size))
        self._up = up
        self._gain = GAIN * gain
        self._clamp = None if clamp is None else clamp * gain

    def forward(  # type: ignore[override]
        self, x: Tensor, style: Tensor, noise: Noise | None = None
    ) -> Tensor:
        """Map (N, channels, H, W) and styles (N, style_dim) to (N, outputs, H, W) or twice that.

        Args:
            x: Activations.
            style: A style for each.
            noise: Randomness of N rows; None for the constant noise of the layer.
        """
        assert self.bias is not None
        into, back = self.scales(style)
        assert back is not None
        back = back * self._gain
        bias = (self.bias * self._gain).to(x.dtype)
        weight = self.weight
        # A single sample's factors go into its weights, which are smaller than large maps.
        single = len(x) == 1 and not torch.is_grad_enabled()
        if single:
            weight = weight * (back[0, :, None] * into[0])[:, :, None, None]
            made = self._convolved(x, weight, bias)
        else:
            made = self._convolved(x * _per_channel(into, x), weight, None)
            made = made * _per_channel(back, made)
            made = made + bias.to(made.dtype)[:, None, None]
        noisy = self._noise(noise).to(made.dtype)
        # In place: no gradient needs the sum without noise.
        made = made.add_(noisy)
        return clamped(F.leaky_relu(made, SLOPE, inplace=True), self._clamp)

    def _convolved(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if not self._up:
            return F.conv2d(x, weight, bias, padding=1)
        doubled = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
        return lowpass(doubled, 1, gain=4.0, bias=None if bias is None else bias.to(doubled.dtype))

    def _noise(self, noise: Noise | None) -> Tensor:
        """(H, W), or (N, 1, H, W) where it is drawn."""
        drawn = self.noise_const if noise is None else noise.normal(1, *self.noise_const.shape)
        return drawn * (self.noise_strength * self._gain)


class ToImage(ModulatedConv):
    """A modulated 1x1 convolution to the channels of an image, which nothing scales back.

    Args:
        channels: Channels in.
        outputs: Channels of the image.
        style_dim: Dimensions of a style.
        clamp: Greatest size of a value; None for any.
    """

    def __init__(
        self, channels: int, outputs: int, style_dim: int, *, clamp: float | None = None
    ) -> None:
        super().__init__(channels, outputs, 1, style_dim, demodulate=False)
        self._clamp = clamp

    def forward(self, x: Tensor, style: Tensor) -> Tensor:  # type: ignore[override]
        """Map (N, channels, H, W) and styles (N, style_dim) to (N, outputs, H, W)."""
        into, _ = self.scales(style)
        if len(x) == 1 and not torch.is_grad_enabled():
            made = F.conv2d(x, self.weight * into[0, :, None, None], self.bias)
        else:
            made = F.conv2d(x * _per_channel(into, x), self.weight, self.bias)
        return clamped(made, self._clamp)


def _per_channel(factors: Tensor, x: Tensor) -> Tensor:
    """Factors (N, C) as (N, C, 1, 1) in the precision of x."""
    return factors[:, :, None, None].to(x.dtype)
