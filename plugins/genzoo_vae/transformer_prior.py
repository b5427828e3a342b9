"""A transformer over codes as a prior (van den Oord et al. 2017; Esser et al. 2021)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo import CodePrior, LatentSpec, Noise, SpecError, UsageError
from genzoo_vae.configs import TransformerConfig
from genzoo_vae.transformer import Cache, CausalTransformer


class TransformerPrior(CodePrior):
    """p(codes) as a product over places, row by row, and over the streams of each place.

    Args:
        latent: Contract of the latents.
        config: Validated configuration.

    Raises:
        SpecError: The latents are not codes, or too many for a transformer.
    """

    config: TransformerConfig

    def __init__(self, latent: LatentSpec, config: TransformerConfig) -> None:
        super().__init__(latent, config)
        self.length = math.prod(latent.shape[1:]) * latent.streams
        if self.length > config.longest:
            raise SpecError(
                f"A sample has {self.length} codes, and the transformer takes {config.longest}.",
                f"Train an autoencoder with a larger factor, or set longest={self.length}.",
            )
        self.begin = nn.Parameter(0.02 * torch.randn(config.width))
        classes = len(config.classes)
        self.class_embed = nn.Embedding(classes, config.width) if classes else None
        self.embed = nn.Embedding(latent.codes * latent.streams, config.width)
        self.network = CausalTransformer(self.length, config.width, config.layers, config.heads)
        self.head = nn.Linear(config.width, latent.codes)
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.zeros_(self.head.weight)

    def nats(self, codes: Tensor, labels: Tensor | None = None) -> Tensor:
        """-log p of codes (N, streams, *places) of classes (N,), in nats, (N,)."""
        tokens = self._in_a_row(codes)
        inputs = self._embedded(tokens[:, :-1], 0)
        begin = self._begun(len(tokens), labels)
        logits = self.head(self.network(torch.cat([begin, inputs], 1)))
        return F.cross_entropy(logits.float().transpose(1, 2), tokens, reduction="none").sum(1)

    @torch.no_grad()
    def draw(self, noise: Noise, temperature: float, labels: Tensor | None = None) -> Tensor:
        """One array of codes per row of `noise`, (N, streams, *places).

        Each code is found from its own uniform number, so that no row depends on its batch.
        """
        chance = noise.uniform(self.length)
        cache: Cache = []
        x = self._begun(noise.count, labels)
        tokens: list[Tensor] = []
        for place in range(self.length):
            logits = self.head(self.network(x, cache))[:, -1].float()
            tokens.append(self._chosen(logits, chance[:, place], temperature))
            x = self._embedded(tokens[-1].unsqueeze(1), place)
        places = self.latent.shape[1:]
        row = torch.stack(tokens, 1).view(noise.count, -1, self.latent.streams)
        return row.transpose(1, 2).reshape(noise.count, self.latent.streams, *places)

    def _begun(self, count: int, labels: Tensor | None) -> Tensor:
        """What stands before the first code, (N, 1, width): the class, where there are classes.

        Raises:
            UsageError: There are classes, and none is named.
        """
        begin = self.begin.expand(count, 1, -1)
        if self.class_embed is None:
            return begin
        if labels is None:
            raise UsageError("A prior with classes needs a label for every row.")
        return begin + self.class_embed(labels).unsqueeze(1)

    def _chosen(self, logits: Tensor, chance: Tensor, temperature: float) -> Tensor:
        """A code for each row of logits (N, K) by the inverse of its distribution function."""
        heat = temperature * self.config.temperature
        if heat == 0.0:
            return logits.argmax(1)
        if self.config.top_k and self.config.top_k < logits.shape[1]:
            least = logits.topk(self.config.top_k, 1).values[:, -1:]
            logits = logits.masked_fill(logits < least, -math.inf)
        edges = (logits / heat).double().softmax(1).cumsum(1)
        wanted = chance.to(edges).unsqueeze(1) * edges[:, -1:]
        return torch.searchsorted(edges, wanted, right=True).squeeze(1).clamp(max=len(edges[0]) - 1)

    def _in_a_row(self, codes: Tensor) -> Tensor:
        """Codes (N, streams, *places) as tokens (N, length): all streams of a place together."""
        return codes.flatten(2).transpose(1, 2).flatten(1)

    def _embedded(self, tokens: Tensor, first: int) -> Tensor:
        """Vectors of tokens (N, n), the first of which is number `first` of its row."""
        numbers = torch.arange(first, first + tokens.shape[1], device=tokens.device)
        return self.embed(tokens + (numbers % self.latent.streams) * self.latent.codes)
