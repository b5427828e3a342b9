"""How likely a model with an encoder and a decoder finds the data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo import (
    Decoder,
    Encoder,
    Estimate,
    Kind,
    Metric,
    Model,
    SampleNoise,
    SampleSpec,
    Subject,
    bootstrap_mean,
    log_weights,
)

GREY = (
    "The likelihood is Bernoulli, and the images have values between 0 and 1: these numbers are "
    "cross-entropies, not log probabilities, and not comparable with those of other likelihoods."
)


FEATURES = (
    "The likelihood is one of features of the samples, such as their spectra: these numbers are "
    "comparable with those of the same architecture and data alone."
)


class LikelihoodBound(Metric):
    """The evidence lower bound and its importance-weighted relative (Burda et al. 2016).

    Both are bounds on the log probability of a sample's values as they are stored. Where those are
    levels, such as those of 8 bits, and the decoder gives a density, uniform noise of one level's
    width is added (Theis et al. 2016). Of stored floating point numbers it is a density in the
    range of the model's samples.
    """

    parameters: ClassVar[Mapping[str, Any]] = {"images": 500, "draws": 100}

    def applies(self, model: Model) -> bool:
        """Models with an encoder and a decoder, of what is judged and not of its latents.

        Codes have no density to weigh against that of a prior.
        """
        decodes = any(isinstance(part, Decoder) for part in model.parts.values())
        continuous = model.through is None and not model.latent_spec.codes
        return continuous and model.can_encode and decodes

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """In nats for a sample, and in bits for each of its values or other pieces."""
        count = min(self.parameters["images"], len(subject.data))
        rows = torch.from_numpy(subject.rows(self, count, "Likelihoods"))
        spec = subject.model.sample_spec
        bounds = {
            "ELBO": rows.mean(1),
            "Log-likelihood": torch.logsumexp(rows, 1) - math.log(rows.shape[1]),
        }
        kind = subject.data.kind
        sizes = [kind.pieces(x, spec) for x in _images(subject, count)]
        bits = 1 / (float(np.concatenate(sizes).mean()) * math.log(2))
        warnings = self._warnings(subject, count)
        estimates = []
        for name, values in bounds.items():
            interval = bootstrap_mean(values.numpy())
            estimates += [
                Estimate(
                    name=name, interval=interval, better="higher", unit="nats", warnings=warnings
                ),
                Estimate(
                    name=f"{name} bits",
                    interval=interval.scaled(-bits),
                    better="lower",
                    unit=f"bits/{kind.piece}",
                    warnings=warnings,
                ),
            ]
        return estimates

    @torch.inference_mode()
    def _warnings(self, subject: Subject, count: int) -> tuple[str, ...]:
        """A sentence where a likelihood of zeros and ones is asked about values between."""
        model = subject.model
        x, labels = subject.images(range(1))
        z = encoder_of(model)(x, labels).mode()
        likelihood = decoder_of(model)(z, labels)
        if likelihood.of_features:
            return (FEATURES,)
        if not likelihood.binary:
            return ()
        for x in _images(subject, count):
            if bool(((x > 0) & (x < 1)).any()):
                return (GREY,)
        return ()

    @torch.inference_mode()
    def rows(self, subject: Subject, numbers: range) -> NDArray[np.float64]:
        """Log importance weights of each sample, (n, draws)."""
        return self._weights(subject, numbers).cpu().double().numpy()

    def _weights(self, subject: Subject, numbers: range) -> Tensor:
        x, labels = subject.images(numbers)
        model = subject.model
        encoder, decoder = encoder_of(model), decoder_of(model)
        prior = model.prior(subject.settings.prior)
        noise = SampleNoise(subject.settings.seed, numbers, model.device)
        width = 0.0
        posterior = encoder(x, labels)
        if not decoder(posterior.mode(), labels).discrete:
            width = _level_width(subject.data.kind, model.sample_spec)
            x = x + width * (noise.uniform(*x.shape[1:]) - 0.5)
            posterior = encoder(x, labels)
        draws = [
            log_weights(posterior, decoder, prior, x, noise, labels)
            for _ in range(self.parameters["draws"])
        ]
        volume = math.prod(x.shape[1:]) * math.log(width) if width else 0.0
        return torch.stack(draws, 1) + volume


def _images(subject: Subject, count: int) -> Iterator[Tensor]:
    """The first `count` samples of the data, in batches."""
    size = subject.settings.batch_size
    for first in range(0, count, size):
        yield subject.images(range(first, min(count, first + size)))[0]


def _level_width(kind: Kind, spec: SampleSpec) -> float:
    """How far two levels of stored values are apart in the model's range; 0 where none are."""
    dtype = np.dtype(kind.layout.dtype)
    if dtype.kind not in "iu":
        return 0.0
    full = (spec.high - spec.low) / (2 ** (8 * dtype.itemsize) - 1)
    row = torch.zeros(1, *kind.layout.shape, dtype=getattr(torch, dtype.name))
    width = float((kind.samples(row + 1, spec) - kind.samples(row, spec)).abs().max())
    # Rows that fill their type have just that width; measured it is rounded.
    return full if math.isclose(width, full, rel_tol=1e-4) else width


def encoder_of(model: Model) -> Encoder:
    """The model's encoder; it must have one."""
    return next(part for part in model.parts.values() if isinstance(part, Encoder))


def decoder_of(model: Model) -> Decoder:
    """The model's decoder; it must have one."""
    return next(part for part in model.parts.values() if isinstance(part, Decoder))
