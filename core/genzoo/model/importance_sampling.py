"""Importance-weighted estimates of log p(x) (Burda, Grosse and Salakhutdinov 2016)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genzoo.interfaces.distributions import Posterior
from genzoo.interfaces.networks import Decoder, Encoder
from genzoo.interfaces.noise import Noise
from genzoo.interfaces.prior import Prior


def log_weights(
    posterior: Posterior,
    decoder: Decoder,
    prior: Prior,
    x: Tensor,
    noise: Noise,
    labels: Tensor | None = None,
) -> Tensor:
    """log p(x | z) + log p(z) - log q(z | x) for one draw of z per row, in nats, (N,).

    Args:
        posterior: q(z | x) of the N rows.
        decoder: Gives p(x | z).
        prior: Gives p(z).
        x: Samples (N, *sample shape).
        noise: Randomness for N rows.
        labels: Class labels (N,).
    """
    z = posterior.rsample(noise)
    return decoder(z, labels).log_prob(x) + prior.log_prob(z) - posterior.log_prob(z)


@torch.inference_mode()
def estimate_log_likelihood(
    encoder: Encoder,
    decoder: Decoder,
    prior: Prior,
    x: Tensor,
    noise: Noise,
    samples: int,
    labels: Tensor | None = None,
) -> Tensor:
    """The importance-weighted bound on log p(x) with `samples` draws, in nats, (N,).

    Its expectation never exceeds log p(x), and rises to it with the number of draws. One draw for
    all rows is decoded at a time, so memory does not grow with it.

    Args:
        encoder: Gives q(z | x); in evaluation mode, as is the decoder.
        decoder: Gives p(x | z).
        prior: Gives p(z).
        x: Samples (N, *sample shape) in the model's range.
        noise: Randomness for N rows.
        samples: Number of draws per row, at least 1.
        labels: Class labels (N,).
    """
    posterior = encoder(x, labels)
    total = log_weights(posterior, decoder, prior, x, noise, labels)
    for _ in range(samples - 1):
        total = torch.logaddexp(total, log_weights(posterior, decoder, prior, x, noise, labels))
    return total - math.log(samples)
