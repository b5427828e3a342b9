"""The denoiser as a transformer over patches: DiT (Peebles and Xie 2023, arXiv:2212.09748)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genzoo_diffusion.attention import SelfAttention
from genzoo_diffusion.conditioning import Condition, sinusoids


class DiT(nn.Module):
    """Predicts velocities of noisy images, which are cut into patches.

    Args:
        shape: That of the images, (C, H, W); sides are multiples of `patch`.
        width: Features of a patch, a multiple of 4.
        depth: Blocks.
        patch: Side of a patch.
        latest: The time of pure noise.
        classes: Number of classes; 0 for an unconditional network.
    """

    place: Tensor

    def __init__(
        self,
        *,
        shape: tuple[int, int, int],
        width: int,
        depth: int,
        patch: int,
        latest: float,
        classes: int,
    ) -> None:
        super().__init__()
        channels, height, side = shape
        self.patch = patch
        self.points = (height // patch, side // patch)
        self.condition = Condition(width, width, latest, classes)
        self.enter = nn.Linear(channels * patch**2, width)
        self.register_buffer("place", places(*self.points, width), persistent=False)
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.adapt = zeroed(nn.Linear(width, 2 * width))
        self.leave = zeroed(nn.Linear(width, channels * patch**2))

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """Velocities of images (N, C, H, W) at times (N,), in the images' precision.

        Labels are (N,), `NO_CLASS` where the class is not told; without labels none is.
        """
        condition = F.silu(self.condition(t, labels))
        patches = F.pixel_unshuffle(x, self.patch).flatten(2).transpose(1, 2)
        tokens = self.enter(patches) + self.place
        for block in self.blocks:
            tokens = block(tokens, condition)
        shift, scale = self.adapt(condition)[:, None].chunk(2, 2)
        made = self.leave(modulated(tokens, shift, scale))
        maps = made.transpose(1, 2).unflatten(2, self.points)
        return F.pixel_shuffle(maps, self.patch).to(x.dtype)


class Block(nn.Module):
    """Attention, then a network for each patch, both scaled and gated by the condition.

    Gates begin at zero: at first a block passes on what it gets (adaLN-Zero, section 3.2).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = SelfAttention(width)
        self.network = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width)
        )
        self.adapt = zeroed(nn.Linear(width, 6 * width))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Tokens (N, L, width) under conditions (N, width)."""
        shift, scale, gate, shift2, scale2, gate2 = self.adapt(condition)[:, None].chunk(6, 2)
        x = x + gate * self.attention(modulated(x, shift, scale))
        return x + gate2 * self.network(modulated(x, shift2, scale2))


def modulated(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Layer norm whose scale and shift (N, 1, width) the condition gives."""
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1.0 + scale) + shift


def places(height: int, width: int, features: int) -> Tensor:
    """Sinusoids of row and column, (height * width, features), features a multiple of 4."""
    row = sinusoids(torch.arange(height), features // 2).repeat_interleave(width, 0)
    column = sinusoids(torch.arange(width), features // 2).repeat(height, 1)
    return torch.cat([row, column], 1)


def zeroed(layer: nn.Linear) -> nn.Linear:
    """The layer, to begin with zeros."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
