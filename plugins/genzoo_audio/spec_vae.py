"""A variational autoencoder of log spectrograms that takes and gives waveforms."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

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
from genzoo_audio.configs import SpecVAEConfig
from genzoo_audio.spectra import Transform, pad_to_multiple
from genzoo_audio.spectrum_likelihood import SpectrumGaussian

HALVINGS = 4
GROUPS, LEAST_GROUP = 8, 4
"""A group of one channel and one time would be normalised to nothing."""

LOG_VARIANCE_BOUND = 10.0
QUIET = -1.2
"""About the log magnitude of silence, which follows the end."""

LEAST_LOG_SCALE = -6.0


class Residual(nn.Module):
    """A dilated convolution and a pointwise one beside the identity."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(min(GROUPS, channels // LEAST_GROUP), channels)
        self.wide = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.point = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, times) to the same."""
        return x + self.point(F.silu(self.wide(F.silu(self.norm(x)))))


class SpectrumEncoder(Encoder):
    """Strided convolutions over time, whose channels are the frequencies, and linear heads.

    Args:
        config: Width and latent size.
        sample: Contract of the sounds.
    """

    def __init__(self, config: SpecVAEConfig, sample: SampleSpec) -> None:
        super().__init__()
        self.transform = transform_of(sample)
        width, times = config.width, coarse_times(self.transform)
        layers: list[nn.Module] = [nn.Conv1d(sample.shape[0] * self.transform.bins, width, 4, 2, 1)]
        for _ in range(HALVINGS - 1):
            layers += [Residual(width), nn.Conv1d(width, width, 4, 2, 1)]
        self.layers = nn.Sequential(*layers, Residual(width), nn.SiLU(), nn.Flatten())
        self.head = nn.Linear(width * times, 2 * config.latent_dim)
        self.labels = label_table(sample, 2 * config.latent_dim)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> DiagonalGaussian:
        """Map sounds (N, channels, frames) to N posteriors over (latent_dim,).

        Log variances are bounded smoothly to (-10, 10).

        Raises:
            UsageError: A conditional model without labels.
        """
        y = self.transform.log_magnitude(x).flatten(1, 2)
        made = self.head(self.layers(pad_to_multiple(y, 1 << HALVINGS, QUIET)))
        if self.labels is not None:
            made = made + looked_up(self.labels, labels)
        mean, raw = made.float().chunk(2, 1)
        return DiagonalGaussian(mean, LOG_VARIANCE_BOUND * torch.tanh(raw / LOG_VARIANCE_BOUND))


class SpectrumDecoder(Decoder):
    """The encoder mirrored, with two residual layers at each step.

    Args:
        config: Width, latent size and where the scale begins.
        sample: Contract of the sounds.
    """

    def __init__(self, config: SpecVAEConfig, sample: SampleSpec) -> None:
        super().__init__()
        self.transform, self.channels = transform_of(sample), sample.shape[0]
        self.low, self.high = sample.low, sample.high
        width, times = config.width, coarse_times(self.transform)
        self.labels = label_table(sample, config.latent_dim)
        inputs = config.latent_dim * (2 if sample.conditional else 1)
        layers: list[nn.Module] = [
            nn.Linear(inputs, width * times),
            nn.Unflatten(1, (width, times)),
            Residual(width),
        ]
        for _ in range(HALVINGS - 1):
            layers += [nn.ConvTranspose1d(width, width, 4, 2, 1), Residual(width)]
            layers += [Residual(width, dilation=3)]
        bins = self.channels * self.transform.bins
        self.layers = nn.Sequential(*layers, nn.SiLU(), nn.ConvTranspose1d(width, bins, 4, 2, 1))
        excess = max(math.log(config.scale) - LEAST_LOG_SCALE, 1e-2)
        self.raw_scale = nn.Parameter(torch.tensor(math.log(math.expm1(excess))))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> SpectrumGaussian:
        """Map latents (N, latent_dim) to N likelihoods over (channels, frames).

        Raises:
            UsageError: A conditional model without labels.
        """
        if self.labels is not None:
            z = torch.cat([z, looked_up(self.labels, labels)], 1)
        y = self.layers(z)[..., : self.transform.times].float()
        log_scale = LEAST_LOG_SCALE + F.softplus(self.raw_scale)
        mean = y.unflatten(1, (self.channels, self.transform.bins))
        return SpectrumGaussian(mean, 2 * log_scale, self.transform)


class SpecVAE(Architecture):
    """Architecture `spec-vae`: an encoder and a decoder of short sounds.

    Args:
        config: Validated configuration.
        sample: Contract of the data.

    Raises:
        SpecError: The samples are not sounds, or too short or long.
    """

    sampling_prior = "class-mixture"
    config: SpecVAEConfig

    def __init__(self, config: SpecVAEConfig, sample: SampleSpec) -> None:
        check_sounds(sample, "spec-vae")
        super().__init__(config, sample.with_range(-1.0, 1.0))
        transform = transform_of(sample)
        if not MOST_TIMES >= transform.times >= LEAST_TIMES:
            raise SpecError(
                f"spec-vae models {LEAST_TIMES} to {MOST_TIMES} windows of sound, and these have "
                f"{transform.times}.",
                f"Give --seconds from {LEAST_TIMES * transform.hop / rate_of(sample):.2g} to "
                f"{(MOST_TIMES - 1) * transform.hop / rate_of(sample):.2g}.",
            )
        self.latent = LatentSpec(shape=(config.latent_dim,))

    def build(self) -> Mapping[str, nn.Module]:
        """Freshly initialised `encoder` and `decoder`."""
        return {
            "encoder": SpectrumEncoder(self.config, self.sample),
            "decoder": SpectrumDecoder(self.config, self.sample),
        }


LEAST_TIMES, MOST_TIMES = 8, 1024
"""Windows: from 56 ms to 8 s at usual rates."""


def check_sounds(sample: SampleSpec, architecture: str) -> None:
    """Raise SpecError unless the samples are sounds with a rate."""
    if sample.kind != "audio" or len(sample.shape) != 2 or sample.sample_rate is None:
        raise SpecError(
            f"{architecture} models sounds, not {sample.kind} of shape {sample.shape}.",
            "Train it on a folder of recordings.",
        )


def rate_of(sample: SampleSpec) -> int:
    """Samples a second; `check_sounds` has seen to it that there is one."""
    assert sample.sample_rate is not None
    return sample.sample_rate


def transform_of(sample: SampleSpec) -> Transform:
    """The transform that suits sounds."""
    return Transform.of(rate_of(sample), sample.shape[1])


def coarse_times(transform: Transform) -> int:
    """Windows after all halvings, rounded up."""
    return -(-transform.times // (1 << HALVINGS))


def label_table(sample: SampleSpec, features: int) -> nn.Embedding | None:
    """One learned vector for each class, or None for an unconditional model."""
    return nn.Embedding(len(sample.classes), features) if sample.conditional else None


def looked_up(table: nn.Embedding, labels: Tensor | None) -> Tensor:
    """Vectors of `labels` (N,), (N, features).

    Raises:
        UsageError: There are no labels.
    """
    if labels is None:
        raise UsageError("A class-conditional model needs a label for every row.")
    vectors: Tensor = table(labels)
    return vectors
