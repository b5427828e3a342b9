"""What the networks of `kl-autoencoder` are made of.

Names of modules are those of diffusers, so that weights made for its `AutoencoderKL` fit.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional as F

EPSILON = 1e-6


class ResidualBlock(nn.Module):
    """Twice group normalisation, SiLU and a 3x3 convolution, beside a shortcut (He et al. 2016).

    Args:
        ins: Channels that come in.
        outs: Channels that go out.
        groups: Groups of the normalisations.
    """

    def __init__(self, ins: int, outs: int, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, ins, EPSILON)
        self.conv1 = nn.Conv2d(ins, outs, 3, padding=1)
        self.norm2 = nn.GroupNorm(groups, outs, EPSILON)
        self.conv2 = nn.Conv2d(outs, outs, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(ins, outs, 1) if ins != outs else None

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, ins, H, W) to (N, outs, H, W)."""
        hidden = self.conv1(F.silu(self.norm1(x)))
        hidden = self.conv2(F.silu(self.norm2(hidden)))
        return hidden + (x if self.conv_shortcut is None else self.conv_shortcut(x))


class SelfAttention(nn.Module):
    """Every place of an image attends to every other, with one head (Vaswani et al. 2017).

    Args:
        channels: Channels in and out.
        groups: Groups of the normalisation.
    """

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.group_norm = nn.GroupNorm(groups, channels, EPSILON)
        self.to_q = nn.Linear(channels, channels)
        self.to_k = nn.Linear(channels, channels)
        self.to_v = nn.Linear(channels, channels)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        places = self.group_norm(x).flatten(2).transpose(1, 2).unsqueeze(1).contiguous()
        attended = F.scaled_dot_product_attention(
            self.to_q(places), self.to_k(places), self.to_v(places)
        )
        return x + self.to_out[0](attended).squeeze(1).transpose(1, 2).reshape(x.shape)


class Downsample(nn.Module):
    """Halve the resolution; the image is padded at its right and lower side alone."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, H / 2, W / 2)."""
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    """Double the resolution: nearest neighbours, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, 2H, 2W)."""
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Resolution(nn.Module):
    """The residual blocks of one resolution, and a change to the next one unless it is the last.

    Args:
        blocks: Residual blocks.
        downsampler: Halves the resolution afterwards.
        upsampler: Doubles it.
    """

    def __init__(
        self,
        blocks: Iterator[ResidualBlock],
        downsampler: Downsample | None = None,
        upsampler: Upsample | None = None,
    ) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(blocks)
        if downsampler is not None:
            self.downsamplers = nn.ModuleList([downsampler])
        if upsampler is not None:
            self.upsamplers = nn.ModuleList([upsampler])

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the next resolution."""
        for group in self.children():
            assert isinstance(group, nn.ModuleList)
            for layer in group:
                x = layer(x)
        return x


class Middle(nn.Module):
    """A residual block, self-attention where it is wanted, and another residual block."""

    def __init__(self, channels: int, groups: int, attention: bool) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(ResidualBlock(channels, channels, groups) for _ in range(2))
        self.attentions = nn.ModuleList([SelfAttention(channels, groups)] if attention else [])

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        x = self.resnets[0](x)
        for attention in self.attentions:
            x = attention(x)
        return self.resnets[1](x)


def residual_blocks(ins: int, outs: int, count: int, groups: int) -> Iterator[ResidualBlock]:
    """`count` of them, the first of which changes the number of channels."""
    return (ResidualBlock(ins if n == 0 else outs, outs, groups) for n in range(count))
