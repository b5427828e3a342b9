"""Texts as counts of their n-grams: a feature space without a network."""

from __future__ import annotations

import torch
from torch import Tensor

from genzoo import FeatureExtractor

END = 0
LONGEST = 3
BINS = 128
FACTOR, MODULUS = 1_000_003, 2**31 - 1


class TokenNgrams(FeatureExtractor):
    """How often each pair and triple of tokens, and each token, stands in a text: 384 features.

    Each length has 128 bins that n-grams are hashed to. The start and the end of a text count as
    tokens. Square roots of the counts are taken, so that distances are those of Hellinger.
    """

    hash = "ngrams-1"

    def extract(self, images: Tensor) -> Tensor:
        """Features (N, 384) of rows of tokens (N, length)."""
        tokens = images.to(self.device).long()
        ends = (tokens == END).long()
        inside = ends.cumsum(1) - ends == 0
        # A mark before the first token; the end is a token of its own.
        start = torch.full_like(tokens[:, :1], -1)
        marked = torch.cat([start, tokens], 1)
        counted = torch.cat([torch.ones_like(inside[:, :1]), inside], 1)
        found = [_counts(marked, counted, order) for order in range(1, LONGEST + 1)]
        return torch.cat(found, 1).sqrt()


def _counts(tokens: Tensor, counted: Tensor, order: int) -> Tensor:
    """How many n-grams of a length are in each bin, (N, BINS)."""
    width = tokens.shape[1] - order + 1
    counts = torch.zeros(len(tokens), BINS, device=tokens.device)
    if width < 1:
        return counts
    code = torch.full_like(tokens[:, :width], order)
    for place in range(order):
        code = (code * FACTOR + tokens[:, place : place + width] + 2) % MODULUS
    # The last token of an n-gram tells whether it is of the text.
    weights = counted[:, order - 1 :].float()
    return counts.scatter_add(1, code % BINS, weights)
