"""A convolutional variational autoencoder with the shapes of DCGAN (Radford et al. 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn

from genzoo import (
    Architecture,
    Decoder,
    DiagonalGaussian,
    Encoder,
    ImagePyramid,
    LatentSpec,
    Likelihood,
    SampleSpec,
    UsageError,
)
from genzoo_vae.configs import ConvVAEConfig
from genzoo_vae.heads import make_head, with_range_of

LOG_VARIANCE_BOUND = 10.0
SLOPE = 0.2


def channels_of(halvings: int, width: int) -> list[int]:
    """Channels after each halving of an image down to the base: doubling up to 8 widths."""
    return [width * min(2**index, 8) for index in range(halvings)]


class ConvEncoder(Encoder):
    """Strided convolutions, a hidden layer, and the posterior's mean and log variance.

    Args:
        config: Width and latent size.
        sample: Contract of the images.
        pyramid: How their sides are doubled from a base.
    """

    def __init__(self, config: ConvVAEConfig, sample: SampleSpec, pyramid: ImagePyramid) -> None:
        super().__init__()
        channels = channels_of(pyramid.doublings, config.width)
        hidden = 16 * config.width
        self.convolutions = nn.Sequential(
            down(sample.shape[0], channels[0], norm=False),
            *(down(ins, outs, norm=True) for ins, outs in pairwise(channels)),
        )
        self.hidden = nn.Linear(channels[-1] * pyramid.height * pyramid.width, hidden)
        self.labels = label_embedding(sample, hidden)
        self.activation = nn.LeakyReLU(SLOPE)
        self.mean = nn.Linear(hidden, config.latent_dim)
        self.log_variance = nn.Linear(hidden, config.latent_dim)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> DiagonalGaussian:
        """Map images (N, C, height, width) to N posteriors over (latent_dim,).

        Log variances are bounded smoothly to (-10, 10).

        Raises:
            UsageError: A conditional model without labels.
        """
        features = self.hidden(self.convolutions(x).flatten(1))
        if self.labels is not None:
            features = features + embed(self.labels, labels)
        features = self.activation(features)
        raw = self.log_variance(features).float()
        bounded = LOG_VARIANCE_BOUND * torch.tanh(raw / LOG_VARIANCE_BOUND)
        return DiagonalGaussian(self.mean(features).float(), bounded)


class ConvDecoder(Decoder):
    """The encoder mirrored: two linear layers, then transposed convolutions to a likelihood.

    Args:
        config: Width, latent size and likelihood.
        sample: Contract of the images.
        pyramid: How their sides are doubled from a base.
    """

    def __init__(self, config: ConvVAEConfig, sample: SampleSpec, pyramid: ImagePyramid) -> None:
        super().__init__()
        channels = channels_of(pyramid.doublings, config.width)[::-1]
        hidden = 16 * config.width
        self.labels = label_embedding(sample, config.latent_dim)
        inputs = config.latent_dim * (2 if sample.conditional else 1)
        self.project = nn.Sequential(
            nn.Linear(inputs, hidden),
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Linear(hidden, channels[0] * pyramid.height * pyramid.width, bias=False),
            nn.Unflatten(1, (channels[0], *pyramid.base)),
            nn.BatchNorm2d(channels[0]),
            nn.LeakyReLU(SLOPE, inplace=True),
        )
        self.convolutions = nn.Sequential(
            *(up(ins, outs) for ins, outs in pairwise(channels)),
            nn.ConvTranspose2d(channels[-1], sample.shape[0], 4, 2, 1),
        )
        self.head = make_head(config)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        """Map latents (N, latent_dim) to N likelihoods over (C, height, width).

        Raises:
            UsageError: A conditional model without labels.
        """
        if self.labels is not None:
            z = torch.cat([z, embed(self.labels, labels)], 1)
        likelihood: Likelihood = self.head(self.convolutions(self.project(z)))
        return likelihood


class ConvVAE(Architecture):
    """Architecture `conv-vae`: encoder and decoder for images of a small base that is doubled.

    Images are in (0, 1) with the Bernoulli likelihood, otherwise in (-1, 1).

    Args:
        config: Validated configuration.
        sample: Contract of the data.

    Raises:
        SpecError: The samples are not images, or their sides are no small base that is doubled.
    """

    config: ConvVAEConfig

    def __init__(self, config: ConvVAEConfig, sample: SampleSpec) -> None:
        self.pyramid = ImagePyramid.of(sample, "conv-vae")
        super().__init__(config, with_range_of(config, sample))
        self.latent = LatentSpec(shape=(config.latent_dim,))

    def build(self) -> Mapping[str, nn.Module]:
        """Freshly initialised `encoder` and `decoder`."""
        return {
            "encoder": ConvEncoder(self.config, self.sample, self.pyramid),
            "decoder": ConvDecoder(self.config, self.sample, self.pyramid),
        }


def down(ins: int, outs: int, *, norm: bool) -> nn.Sequential:
    """Halve the resolution."""
    layers: list[nn.Module] = [nn.Conv2d(ins, outs, 4, 2, 1, bias=not norm)]
    if norm:
        layers.append(nn.BatchNorm2d(outs))
    return nn.Sequential(*layers, nn.LeakyReLU(SLOPE, inplace=True))


def up(ins: int, outs: int) -> nn.Sequential:
    """Double the resolution."""
    return nn.Sequential(
        nn.ConvTranspose2d(ins, outs, 4, 2, 1, bias=False),
        nn.BatchNorm2d(outs),
        nn.LeakyReLU(SLOPE, inplace=True),
    )


def label_embedding(sample: SampleSpec, features: int) -> nn.Embedding | None:
    """One learned vector per class, or None for an unconditional model."""
    return nn.Embedding(len(sample.classes), features) if sample.conditional else None


def embed(table: nn.Embedding, labels: Tensor | None) -> Tensor:
    """Vectors of `labels` (N,), (N, features).

    Raises:
        UsageError: There are no labels.
    """
    if labels is None:
        raise UsageError("A class-conditional model needs a label for every row.")
    vectors: Tensor = table(labels)
    return vectors
