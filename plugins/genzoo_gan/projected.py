"""Discriminators that look at images through a frozen network (Sauer et al. 2021).

"Projected GANs Converge Faster" (arXiv:2111.01007): maps of several scales are mixed by random
1x1 convolutions that are never trained, across channels and then across scales, and each scale has
a head that judges it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genzoo import FeatureNetwork
from genzoo_gan.conditioning import Projection
from genzoo_gan.diff_augment import ALPHA_CHANNELS

MIXED = (64, 64, 128, 256)
"""Channels of the mixed maps, from fine to coarse; the last goes on."""

LEAST_STRIDE = 4
"""Of the finest map: those before tell little more than the pixels."""

COARSE = 6
"""Side of a map from which on a head halves it no more."""

WIDEST = 128
"""Channels inside a head."""

SETTLING = 256
"""Real images that the scale of the mixed maps is measured on, at the beginning of a run."""


def choose_taps(network: FeatureNetwork) -> list[str]:
    """The last map of each stride, from fine to coarse."""
    last = {stride: name for name, stride in network.strides.items() if stride >= LEAST_STRIDE}
    return [last[stride] for stride in sorted(last)]


def enlarged(images: Tensor, side: int, coarsest: int) -> Tensor:
    """Images (N, C, H, W), bilinearly, with a shorter side of at least `side`.

    Both sides become multiples of `coarsest`, the greatest stride, so that no map loses its edge.
    """
    shorter = min(images.shape[2:])
    factor = max(side, shorter) / shorter
    size = [-(-round(length * factor) // coarsest) * coarsest for length in images.shape[2:]]
    if size == list(images.shape[2:]):
        return images
    return F.interpolate(images, size, mode="bilinear", align_corners=False)


def shown_to_network(images: Tensor) -> Tensor:
    """Images (N, C, H, W) in [0, 1] as the network is shown them, in [-1, 1].

    Those with alpha, whose colours are multiplied by it, are put on mid-grey.
    """
    if images.shape[1] == ALPHA_CHANNELS:
        images = images[:, :3] + (1.0 - images[:, 3:]) / 2.0
    return images * 2.0 - 1.0


class Mixing(nn.Module):
    """Random 1x1 convolutions across channels, then from coarse maps into finer ones.

    They are drawn once and kept: gradients pass through, and nothing here is trained. Each channel
    is divided by its deviation over the first `SETTLING` real images.

    Args:
        channels: Channels of the maps, from fine to coarse.
    """

    counted: Tensor

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.widths = [MIXED[min(level, len(MIXED) - 1)] for level in range(len(channels))]
        for level, (before, after) in enumerate(zip(channels, self.widths, strict=True)):
            self.register_buffer(f"across_channels_{level}", _random(before, after))
            self.register_buffer(f"sums_{level}", torch.zeros(2, after))
        for level, after in enumerate(self.widths[:-1]):
            self.register_buffer(f"across_scales_{level}", _random(self.widths[level + 1], after))
        self.register_buffer("counted", torch.zeros(()))

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Maps (N, channels, H, W) from fine to coarse to as many mixed ones, not yet scaled."""
        mixed: list[Tensor] = []
        for level in reversed(range(len(maps))):
            own = F.conv2d(maps[level], self._buffer("across_channels", level))
            if mixed:
                coarser = F.conv2d(mixed[-1], self._buffer("across_scales", level))
                size = own.shape[2:]
                grown = F.interpolate(coarser, size, mode="bilinear", align_corners=False)
                own = (own + grown) * 0.5**0.5
            mixed.append(own)
        return mixed[::-1]

    def scaled(self, mixed: Sequence[Tensor]) -> list[Tensor]:
        """Mixed maps, each channel divided by its deviation."""
        return [one * self._scale(level).to(one.dtype) for level, one in enumerate(mixed)]

    def _scale(self, level: int) -> Tensor:
        """(1, C, 1, 1)"""
        mean, square = self._buffer("sums", level) / self.counted.clamp_min(1.0)
        return (square - mean.square()).clamp_min(1e-6).rsqrt()[:, None, None]

    def observe(
        self, mixed: Sequence[Tensor], average: Callable[[Tensor], Tensor], count: int
    ) -> None:
        """Measure the scale of mixed maps of real images, until enough were seen.

        Args:
            mixed: Of this process's images.
            average: From values (N, *shape) to their mean over the images of all processes.
            count: Images of all processes.
        """
        if self.counted >= SETTLING:
            return
        for level, one in enumerate(mixed):
            values = one.float().flatten(2)
            moments = torch.stack([values.mean(2), values.square().mean(2)], 1)
            self._buffer("sums", level).add_(average(moments) * count)
        self.counted += count

    def _buffer(self, name: str, level: int) -> Tensor:
        found: Tensor = getattr(self, f"{name}_{level}")
        return found


def _random(channels: int, outputs: int) -> Tensor:
    return torch.randn(outputs, channels, 1, 1) * channels**-0.5


class Head(nn.Module):
    """Judges one mixed map: convolutions without normalisation, the mean of a logit per place.

    Args:
        channels: Channels of the map.
        side: Its shorter side.
        classes: Number of classes; 0 for an unconditional one.
    """

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential()
        while side > COARSE:
            self._add(channels, channels, 4, 2)
            side //= 2
        inside = min(channels, WIDEST)
        self._add(channels, inside, 3, 1)
        self.last = nn.Conv2d(inside, 1, 3, padding=1)
        self.projection = Projection(inside, classes)

    def _add(self, channels: int, outputs: int, kernel: int, stride: int) -> None:
        self.layers.append(nn.Conv2d(channels, outputs, kernel, stride, 1))
        self.layers.append(nn.LeakyReLU(0.2, inplace=True))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map (N, C, H, W) to logits (N,)."""
        features = self.layers(x)
        return self.projection(self.last(features).mean((1, 2, 3)), features, labels)


class Heads(nn.Module):
    """The mixing and a head for each scale: all of a projected discriminator that a run keeps.

    Args:
        channels: Channels of the frozen network's maps, from fine to coarse.
        sides: Their shorter sides.
        classes: Number of classes.
    """

    def __init__(self, channels: Sequence[int], sides: Sequence[int], classes: int) -> None:
        super().__init__()
        self.mixing = Mixing(channels)
        self.heads = nn.ModuleList(
            Head(width, side, classes)
            for width, side in zip(self.mixing.widths, sides, strict=True)
        )

    def forward(self, scaled: Sequence[Tensor], labels: Tensor | None = None) -> list[Tensor]:
        """Scaled maps to the logits (N,) of each scale."""
        return [head(one, labels) for head, one in zip(self.heads, scaled, strict=True)]
