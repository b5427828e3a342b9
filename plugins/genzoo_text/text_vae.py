"""A variational autoencoder of texts: transformers around one latent.

Bowman et al. 2016, "Generating sentences from a continuous space", with transformers in place of
recurrent networks and the latent as tokens that come first (Li et al. 2020, Optimus, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from genzoo import (
    Architecture,
    Decoder,
    DiagonalGaussian,
    Encoder,
    LatentSpec,
    SampleSpec,
    SpecError,
    UsageError,
)
from genzoo_text.autoregressive import TextLikelihood, counted_tokens
from genzoo_text.configs import TextVAEConfig
from genzoo_text.transformer import Transformer

LOG_VARIANCE_BOUND = 10.0
SPREAD = 0.1


class TextEncoder(Encoder):
    """A transformer that looks at all tokens; learned ones before them gather the latent.

    Args:
        config: Sizes.
        sample: Contract of the texts.
    """

    def __init__(self, config: TextVAEConfig, sample: SampleSpec) -> None:
        super().__init__()
        width = config.width
        self.tokens = embedding(token_count(sample), width)
        self.places = embedding(sample.shape[0], width)
        self.gathering = nn.Parameter(0.02 * torch.randn(config.memory, width))
        self.labels = label_embedding(sample, width)
        self.transformer = Transformer(
            width, config.heads, config.encoder_layers, config.dropout, causal=False
        )
        self.head = nn.Linear(config.memory * width, 2 * config.latent_dim)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> DiagonalGaussian:
        """Map texts (N, length) to N posteriors over (latent_dim,).

        Log variances are bounded smoothly to (-10, 10).

        Raises:
            UsageError: A conditional model without labels.
        """
        tokens = x.round().long()
        counted = counted_tokens(tokens)
        longest = int(counted.sum(1).max())
        tokens, counted = tokens[:, :longest], counted[:, :longest]
        first = self.gathering.expand(len(x), -1, -1)
        if self.labels is not None:
            first = first + embed(self.labels, labels).unsqueeze(1)
        read = self.tokens(tokens) + self.places(torch.arange(longest, device=x.device))
        all_first = counted.new_ones(len(x), first.shape[1])
        allowed = torch.cat([all_first, counted], 1)[:, None, None]
        made = self.transformer(torch.cat([first, read], 1), allowed)
        mean, raw = self.head(made[:, : first.shape[1]].flatten(1)).float().chunk(2, 1)
        return DiagonalGaussian(mean, LOG_VARIANCE_BOUND * torch.tanh(raw / LOG_VARIANCE_BOUND))


class TextDecoder(Decoder):
    """A transformer in which a token looks at the latent and at the tokens before it.

    Args:
        config: Sizes.
        sample: Contract of the texts.
    """

    def __init__(self, config: TextVAEConfig, sample: SampleSpec) -> None:
        super().__init__()
        width, count = config.width, token_count(sample)
        self.length = sample.shape[0]
        self.word_dropout = config.word_dropout
        self.top_p = config.top_p
        self.hidden, self.start = count, count + 1
        self.tokens = embedding(count + 2, width)
        self.places = embedding(self.length, width)
        self.labels = label_embedding(sample, width)
        self.remember = nn.Linear(config.latent_dim, (config.memory + 1) * width)
        self.memory = config.memory
        self.transformer = Transformer(
            width, config.heads, config.layers, config.dropout, causal=True
        )
        self.head = nn.Linear(width, count)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> TextLikelihood:
        """Map latents (N, latent_dim) to N likelihoods over texts (length,).

        Raises:
            UsageError: A conditional model without labels.
        """
        context = self.remember(z).unflatten(1, (self.memory + 1, -1))
        if self.labels is not None:
            context = context + embed(self.labels, labels).unsqueeze(1)
        return TextLikelihood(self, context)

    def logits(self, context: Tensor, tokens: Tensor) -> Tensor:
        """Logits of each token given those before it.

        Args:
            context: (N, memory + 1, width): what comes first, and what every token is told.
            tokens: (N, T); in training some are hidden.

        Returns:
            (N, T, number of tokens).
        """
        given = tokens[:, :-1]
        if self.training and self.word_dropout:
            kept = torch.rand(given.shape, device=given.device) >= self.word_dropout
            given = torch.where(kept, given, self.hidden)
        made = self.transformer(torch.cat([context[:, :-1], self.embedded(context, given)], 1))
        return self.head(made[:, self.memory :])

    def embedded(self, context: Tensor, given: Tensor, first: int = 0) -> Tensor:
        """Inputs at places `first` to T of the start and the tokens `given` (N, T)."""
        start = given.new_full((len(given), 1), self.start)
        read = torch.cat([start, given], 1)
        places = self.places(torch.arange(first, read.shape[1], device=read.device))
        return self.tokens(read[:, first:]) + places + context[:, -1:]

    def writer(self, context: Tensor, cached: bool) -> Writer:
        """What gives the logits of one token after the other."""
        return Writer(self, context, cached)


class Writer:
    """The logits of texts that are being written.

    Args:
        decoder: Whose.
        context: As for `TextDecoder.logits`.
        cached: Whether keys and values of earlier tokens are kept.
    """

    def __init__(self, decoder: TextDecoder, context: Tensor, cached: bool) -> None:
        self._decoder = decoder
        self._context = context
        capacity = decoder.memory + decoder.length
        self._caches = decoder.transformer.caches(context, capacity) if cached else None

    def next_logits(self, given: Tensor) -> Tensor:
        """Logits of the token after `given` (N, T), which grows by one from call to call."""
        decoder, done = self._decoder, given.shape[1]
        first = done if self._caches else 0
        read = decoder.embedded(self._context, given, first)
        if first == 0:
            read = torch.cat([self._context[:, :-1], read], 1)
        return decoder.head(decoder.transformer(read, caches=self._caches)[:, -1])


class TextVAE(Architecture):
    """Architecture `text-vae`: texts around one latent, drawn token by token.

    Args:
        config: Validated configuration.
        sample: Contract of the data.

    Raises:
        SpecError: The samples are not texts, or the heads do not divide the width.
    """

    draws_samples = True
    config: TextVAEConfig

    def __init__(self, config: TextVAEConfig, sample: SampleSpec) -> None:
        if sample.kind != "text" or len(sample.shape) != 1:
            raise SpecError(
                f"text-vae models text, not {sample.kind} of shape {sample.shape}.",
                "Train it on a file with a text a line.",
            )
        if config.width % config.heads:
            raise SpecError(
                f"{config.heads} heads do not divide a width of {config.width}.",
                "Give --width a multiple of --heads.",
            )
        super().__init__(config, sample)
        self.latent = LatentSpec(shape=(config.latent_dim,))

    def build(self) -> Mapping[str, nn.Module]:
        """Freshly initialised `encoder` and `decoder`."""
        return {
            "encoder": TextEncoder(self.config, self.sample),
            "decoder": TextDecoder(self.config, self.sample),
        }


def token_count(sample: SampleSpec) -> int:
    """How many different tokens there are, the end included."""
    return round(sample.high) + 1


def label_embedding(sample: SampleSpec, features: int) -> nn.Embedding | None:
    """One learned vector per class, or None for an unconditional model."""
    return embedding(len(sample.classes), features) if sample.conditional else None


def embedding(count: int, features: int) -> nn.Embedding:
    """Vectors that begin small beside what the layers add to them."""
    made = nn.Embedding(count, features)
    nn.init.normal_(made.weight, std=SPREAD)
    return made


def embed(table: nn.Embedding, labels: Tensor | None) -> Tensor:
    """Vectors of `labels` (N,), (N, features).

    Raises:
        UsageError: There are no labels.
    """
    if labels is None:
        raise UsageError("A class-conditional model needs a label for every row.")
    return table(labels)
