"""The denoiser: a small U-Net with residual blocks (Ho et al. 2020, appendix B)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genzoo_diffusion.attention import PointAttention
from genzoo_diffusion.conditioning import Condition, FiLM

GROUPS = 8
COARSEST = 4


class UNet(nn.Module):
    """Predicts velocities of noisy images, level by level: down to few points and up again.

    Args:
        shape: That of the images, (C, H, W); sides are multiples of `patch`.
        width: Channels of the finest level, a multiple of 8.
        blocks: Residual blocks at each level, each way.
        patch: Side of the squares of pixels that are folded into one point.
        latest: The time of pure noise.
        classes: Number of classes; 0 for an unconditional network.
        attention: Whether points of the coarsest level look at each other.
    """

    def __init__(
        self,
        *,
        shape: tuple[int, int, int],
        width: int,
        blocks: int,
        patch: int,
        latest: float,
        classes: int,
        attention: bool = True,
    ) -> None:
        super().__init__()
        channels, height, side = shape
        levels, features = level_widths((height // patch, side // patch), width), 4 * width
        folded = channels * patch**2
        self.condition = Condition(width, features, latest, classes)
        self.enter = nn.Sequential(nn.PixelUnshuffle(patch), conv(folded, levels[0]))
        self.down = nn.ModuleList(Stage(w, w, features, blocks) for w in levels[:-1])
        self.shrink = nn.ModuleList(conv(a, b, stride=2) for a, b in pairwise(levels))
        self.middle = Stage(levels[-1], levels[-1], features, blocks)
        self.attend = PointAttention(levels[-1], GROUPS) if attention else nn.Identity()
        self.after = Stage(levels[-1], levels[-1], features, blocks)
        self.grow = nn.ModuleList(conv(b, a) for a, b in pairwise(levels))
        self.up = nn.ModuleList(Stage(2 * w, w, features, blocks) for w in levels[:-1])
        self.leave = nn.Sequential(
            nn.GroupNorm(GROUPS, levels[0]),
            nn.SiLU(),
            conv(levels[0], folded),
            nn.PixelShuffle(patch),
        )

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """Velocities of images (N, C, H, W) at times (N,), in the images' precision.

        Labels are (N,), `NO_CLASS` where the class is not told; without labels none is.
        """
        condition = self.condition(t, labels)
        hidden = self.enter(x)
        skips = []
        for stage, shrink in zip(self.down, self.shrink, strict=True):
            hidden = stage(hidden, condition)
            skips.append(hidden)
            hidden = shrink(hidden)
        hidden = self.after(self.attend(self.middle(hidden, condition)), condition)
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


def level_widths(points: tuple[int, int], width: int) -> list[int]:
    """Channels of each level: the finest has half of the others.

    Points along both sides are halved while they are even and 4 remain.
    """
    halvings = 0
    while all(side % 2 == 0 and side >= 2 * COARSEST for side in points):
        points = (points[0] // 2, points[1] // 2)
        halvings += 1
    return [width, *[2 * width] * halvings]


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """3x3, keeping the size or halving it."""
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1)


def _upwards(
    up: nn.ModuleList, grow: nn.ModuleList, skips: list[Tensor]
) -> Iterable[tuple[nn.Module, nn.Module, Tensor]]:
    """Stage, enlargement and skip of each level, the coarsest first."""
    return zip(reversed(up), reversed(grow), reversed(skips), strict=True)
