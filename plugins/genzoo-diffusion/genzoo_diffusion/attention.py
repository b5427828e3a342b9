"""Self-attention over points or patches (Vaswani et al. 2017, arXiv:1706.03762)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

HEAD = 32
"""Features of a head."""


class SelfAttention(nn.Module):
    """Each of L tokens looks at all others.

    Args:
        width: Features of a token; those of a head are 32 where that divides them.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = max(width // HEAD, 1) if width % HEAD == 0 else 1
        self.project = nn.Linear(width, 3 * width)
        self.leave = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, width) to (N, L, width)."""
        parts = self.project(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        return self.leave(mixed.transpose(1, 2).flatten(2))


class PointAttention(nn.Module):
    """Self-attention between the points of a map, added to it; at first it adds nothing."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)
        self.attention = SelfAttention(channels)
        nn.init.zeros_(self.attention.leave.weight)
        nn.init.zeros_(self.attention.leave.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, channels, H, W)."""
        tokens = self.norm(x).flatten(2).transpose(1, 2)
        return x + self.attention(tokens).transpose(1, 2).unflatten(2, x.shape[2:])
