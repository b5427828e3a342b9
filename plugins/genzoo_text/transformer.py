"""Transformer layers with a key-value cache (Vaswani et al. 2017, layer norms first)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EXPANSION = 4
SPREAD = 0.02


class Cache:
    """Keys and values of the tokens that a layer has seen, in memory made once.

    Args:
        rows: Texts.
        heads: Heads of attention.
        capacity: Tokens of a text at most.
        head_width: Features of a head.
        like: A tensor of the type and on the device of the keys.
    """

    def __init__(self, rows: int, heads: int, capacity: int, head_width: int, like: Tensor) -> None:
        self._keys = like.new_empty(rows, heads, capacity, head_width)
        self._values = torch.empty_like(self._keys)
        self.length = 0

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values with those of further tokens, (N, heads, tokens, head width)."""
        end = self.length + keys.shape[2]
        self._keys[:, :, self.length : end] = keys
        self._values[:, :, self.length : end] = values
        self.length = end
        return self._keys[:, :, :end], self._values[:, :, :end]


class Attention(nn.Module):
    """Attention of tokens to each other.

    Args:
        width: Features of a token.
        heads: Their number divides the width.
        dropout: Of attention weights.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.query_key_value = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(
        self, x: Tensor, allowed: Tensor | None, causal: bool, cache: Cache | None
    ) -> Tensor:
        """Tokens (N, T, width) to as many.

        Args:
            x: Tokens.
            allowed: Which tokens may be looked at, (N, 1, 1, T); None for all.
            causal: Whether a token looks at those before it only.
            cache: Tokens before these; the new ones are added.
        """
        parts = self.query_key_value(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        if cache is not None:
            # The first tokens come together, then one after the other, which may look at all.
            causal = causal and cache.length == 0
            key, value = cache.extend(key, value)
        rate = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(
            query, key, value, attn_mask=allowed, dropout_p=rate, is_causal=causal
        )
        return self.output(mixed.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """Attention and a network for each token, both added to what they are given."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads, dropout)
        self.network_norm = nn.LayerNorm(width)
        self.network = nn.Sequential(
            nn.Linear(width, EXPANSION * width), nn.GELU(), nn.Linear(EXPANSION * width, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, allowed: Tensor | None, causal: bool, cache: Cache | None
    ) -> Tensor:
        """As `Attention.forward`."""
        x = x + self.dropout(self.attention(self.attention_norm(x), allowed, causal, cache))
        return x + self.dropout(self.network(self.network_norm(x)))


class Transformer(nn.Module):
    """Layers one after the other, and a norm at the end.

    Args:
        width: Features of a token.
        heads: Heads of attention.
        layers: How many.
        dropout: In each.
        causal: Whether a token looks at those before it only.
    """

    def __init__(self, width: int, heads: int, layers: int, dropout: float, causal: bool) -> None:
        super().__init__()
        self.causal = causal
        self.head_width = width // heads
        self.layers = nn.ModuleList(Layer(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.heads = heads
        self.apply(_start_small)

    def caches(self, like: Tensor, capacity: int) -> list[Cache]:
        """Empty caches of the layers, for as many texts as `like` (N, ...) has rows."""
        sizes = (len(like), self.heads, capacity, self.head_width)
        return [Cache(*sizes, like) for _ in self.layers]

    def forward(
        self, x: Tensor, allowed: Tensor | None = None, caches: list[Cache] | None = None
    ) -> Tensor:
        """Tokens (N, T, width) to as many; `allowed` as in `Attention.forward`."""
        for number, layer in enumerate(self.layers):
            x = layer(x, allowed, self.causal, caches and caches[number])
        return self.norm(x)


def _start_small(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=SPREAD)
        nn.init.zeros_(module.bias)
