"""A likelihood of texts, each token given those before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo import Likelihood, Noise

if TYPE_CHECKING:
    from genzoo_text.text_vae import TextDecoder

END = 0
"""The token after the last one of a text; the rest of a row has it too."""


class TextLikelihood(Likelihood):
    """N distributions p(x | z) over texts: products over tokens, up to the first that is `END`.

    What follows the end is not a part of the text and has probability 1. A text that fills its row
    has no end.

    Args:
        decoder: Gives logits of the next token.
        context: What it is told of each text: its first tokens, (N, memory, width).
    """

    discrete = True

    def __init__(self, decoder: TextDecoder, context: Tensor) -> None:
        self.decoder = decoder
        self.context = context

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x | z) of tokens x (N, length), whole numbers as floats, in nats, (N,)."""
        tokens = x.round().long()
        counted = counted_tokens(tokens)
        # Texts of a batch are computed as far as the longest goes.
        longest = int(counted.sum(1).max())
        tokens, counted = tokens[:, :longest], counted[:, :longest]
        logits = self.decoder.logits(self.context, tokens)
        masses = F.log_softmax(logits.float(), -1)
        chosen = masses.gather(-1, tokens.unsqueeze(-1)).squeeze(-1)
        return (chosen * counted).sum(1)

    def mean(self) -> Tensor:
        """Of tokens a mean says nothing: the same as `mode`."""
        return self.mode()

    def mode(self) -> Tensor:
        """The most likely token after each other, (N, length)."""
        return self._generate(None, 0.0, True)

    def sample(self, noise: Noise, temperature: float = 1.0, *, cached: bool = True) -> Tensor:
        """One draw per row, (N, length).

        Where the decoder's `top_p` is below 1, only the likeliest tokens, together at least so
        probable, are drawn (Holtzman et al. 2020, nucleus sampling).

        Args:
            noise: Randomness for N rows: as many uniform numbers as a text has tokens.
            temperature: Divides the logits.
            cached: Whether keys and values are kept; the texts are the same.
        """
        uniform = noise.uniform(self.decoder.length)
        return self._generate(uniform, temperature, cached)

    @torch.no_grad()
    def _generate(self, uniform: Tensor | None, temperature: float, cached: bool) -> Tensor:
        rows, length = len(self.context), self.decoder.length
        tokens = torch.full((rows, length), END, device=self.context.device)
        ended = torch.zeros(rows, dtype=torch.bool, device=tokens.device)
        writer = self.decoder.writer(self.context, cached)
        for position in range(length):
            logits = writer.next_logits(tokens[:, :position]).double()
            if uniform is None or temperature == 0.0:
                chosen = logits.argmax(-1)
            else:
                chosen = drawn_token(logits / temperature, uniform[:, position], self.decoder.top_p)
            tokens[:, position] = torch.where(ended, END, chosen)
            ended |= chosen == END
            if bool(ended.all()):
                break
        return tokens.to(torch.float32)


def counted_tokens(tokens: Tensor) -> Tensor:
    """Which tokens (N, length) are of the text, its end included, (N, length) bool."""
    ends = (tokens == END).long()
    return ends.cumsum(1) - ends == 0


def drawn_token(logits: Tensor, uniform: Tensor, top_p: float) -> Tensor:
    """The token at which the distribution function reaches a uniform number, (N,).

    Args:
        logits: (N, tokens), float64: float32 loses rare tokens among many.
        uniform: (N,) in [0, 1).
        top_p: At most 1; only the likeliest tokens, together at least so probable, are drawn.
    """
    masses = F.softmax(logits, -1)
    if top_p < 1.0:
        ordered, order = masses.sort(stable=True, dim=-1, descending=True)
        before = ordered.cumsum(-1) - ordered
        ordered = ordered * (before < top_p)
        masses = torch.zeros_like(masses).scatter(-1, order, ordered)
    below = masses.cumsum(-1)
    goal = uniform.double().unsqueeze(-1) * below[:, -1:]
    # A token of mass 0 is never reached: the first sum above the goal is one that grew.
    return torch.searchsorted(below, goal, right=True).squeeze(-1).clamp(max=masses.shape[-1] - 1)
