"""The denoiser: a small U-Net with residual blocks (Ho et al. 2020, appendix B)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genzoo_diffusion.conditioning import Condition, FiLM

GROUPS = 8
COARSEST = 4


class UNet(nn.Module):
    """Predicts velocities of noisy images, level by level: down to 4x4 points and up again.

    Args:
        channels: Channels of the images.
        side: Their side in pixels, a power of two.
        width: Channels of the finest level, a multiple of 8.
        blocks: Residual blocks at each level, each way.
        patch: Side of the squares of pixels that are folded into one point.
        timesteps: The time of pure noise.
        classes: Number of classes; 0 for an unconditional network.
    """

    def __init__(
        self,
        *,
        channels: int,
        side: int,
        width: int,
        blocks: int,
        patch: int,
        timesteps: int,
        classes: int,
    ) -> None:
        super().__init__()
        levels, features = level_widths(side // patch, width), 4 * width
        folded = channels * patch**2
        self.condition = Condition(width, features, timesteps, classes)
        self.enter = nn.Sequential(nn.PixelUnshuffle(patch), conv(folded, levels[0]))
        self.down = nn.ModuleList(Stage(w, w, features, blocks) for w in levels[:-1])
        self.shrink = nn.ModuleList(conv(a, b, stride=2) for a, b in pairwise(levels))
        self.middle = Stage(levels[-1], levels[-1], features, 2 * blocks)
        self.grow = nn.ModuleList(conv(b, a) for a, b in pairwise(levels))
        self.up = nn.ModuleList(Stage(2 * w, w, features, blocks) for w in levels[:-1])
        self.leave = nn.Sequential(
            nn.GroupNorm(GROUPS, levels[0]),
            nn.SiLU(),
            conv(levels[0], folded),
            nn.PixelShuffle(patch),
        )

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """Velocities of images (N, C, S, S) at times (N,), in the images' precision.

        Labels are (N,), `NO_CLASS` where the class is not told; without labels none is.
        """
        condition = self.condition(t, labels)
        hidden = self.enter(x)
        skips = []
        for stage, shrink in zip(self.down, self.shrink, strict=True):
            hidden = stage(hidden, condition)
            skips.append(hidden)
            hidden = shrink(hidden)
        hidden = self.middle(hidden, condition)
        for stage, grow, skip in _upwards(self.up, self.grow, skips):
            hidden = grow(F.interpolate(hidden, scale_factor=2.0))
            hidden = stage(torch.cat([hidden, skip], dim=1), condition)
        return self.leave(hidden).to(x.dtype)


class Stage(nn.ModuleList):
    """Residual blocks in a row, the first of which changes the number of channels."""

    def __init__(self, inputs: int, outputs: int, features: int, blocks: int) -> None:
        widths = [inputs, *[outputs] * blocks]
        super().__init__(ResidualBlock(a, b, features) for a, b in pairwise(widths))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H, W)."""
        for block in self:
            x = block(x, condition)
        return x


class ResidualBlock(nn.Module):
    """Two convolutions, each after group norm and SiLU; the condition acts between them."""

    def __init__(self, inputs: int, outputs: int, features: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.GroupNorm(GROUPS, inputs), nn.SiLU(), conv(inputs, outputs))
        self.norm = nn.GroupNorm(GROUPS, outputs)
        self.film = FiLM(features, outputs)
        self.second = nn.Sequential(nn.SiLU(), conv(outputs, outputs))
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H, W)."""
        hidden = self.film(self.norm(self.first(x)), condition)
        return self.shortcut(x) + self.second(hidden)


def level_widths(points: int, width: int) -> list[int]:
    """Channels of each level, from `points` a side down to 4: the finest has half of the others."""
    halvings = max((points // COARSEST).bit_length() - 1, 0)
    return [width, *[2 * width] * halvings]


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """3x3, keeping the size or halving it."""
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1)


def _upwards(
    up: nn.ModuleList, grow: nn.ModuleList, skips: list[Tensor]
) -> Iterable[tuple[nn.Module, nn.Module, Tensor]]:
    """Stage, enlargement and skip of each level, the coarsest first."""
    return zip(reversed(up), reversed(grow), reversed(skips), strict=True)
