"""A decoder-only transformer (Vaswani et al. 2017; Radford et al. 2018) with a cache to draw by."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Cache = list[tuple[Tensor, Tensor]]
"""Keys and values of each block so far, (N, heads, places, head width) each."""


class CausalTransformer(nn.Module):
    """Blocks of causal attention and two-layer perceptrons, normalised before each.

    Args:
        length: Places at most.
        width: Numbers at each place.
        layers: Blocks.
        heads: Heads of the attention; they divide the width.
    """

    def __init__(self, length: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.positions = nn.Parameter(0.02 * torch.randn(length, width))
        self.blocks = nn.ModuleList(Block(width, heads, layers) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, cache: Cache | None = None) -> Tensor:
        """Map (N, places, width) to the same shape; each place sees itself and those before.

        Args:
            x: All places, or those that follow the ones in `cache`.
            cache: Begin with an empty list; it is filled with what later places need.
        """
        past = cache[0][0].shape[2] if cache else 0
        x = x + self.positions[past : past + x.shape[1]]
        for number, block in enumerate(self.blocks):
            x = block(x, cache, number)
        return self.norm(x)


class Block(nn.Module):
    """Causal self-attention, then a perceptron, each beside the identity."""

    def __init__(self, width: int, heads: int, layers: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.attention_in = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        for layer in (self.attention_out, self.narrow):
            # So that the sum over all blocks keeps its size (Radford et al. 2019).
            nn.init.normal_(layer.weight, std=0.02 * (2 * layers) ** -0.5)

    def forward(self, x: Tensor, cache: Cache | None, number: int) -> Tensor:
        """See `CausalTransformer`."""
        x = x + self.attention_out(self._attended(self.attention_norm(x), cache, number))
        return x + self.narrow(F.gelu(self.wide(self.norm(x))))

    def _attended(self, x: Tensor, cache: Cache | None, number: int) -> Tensor:
        rows, places, width = x.shape
        split = self.attention_in(x).view(rows, places, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        alone = cache is not None and len(cache) > number
        if cache is not None:
            if alone:
                key = torch.cat([cache[number][0], key], 2)
                value = torch.cat([cache[number][1], value], 2)
                cache[number] = key, value
            else:
                cache.append((key, value))
        # What follows a cache comes one place at a time, and may see all of it.
        made = F.scaled_dot_product_attention(query, key, value, is_causal=not alone)
        return made.transpose(1, 2).reshape(rows, places, width)
