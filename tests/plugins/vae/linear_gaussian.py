"""Linear networks, for which every quantity of a variational autoencoder has a closed form."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from genzoo import Decoder, DiagonalGaussian, Encoder, Gaussian, Likelihood, Noise

LOG_TWO_PI = math.log(2.0 * math.pi)


class LinearEncoder(Encoder):
    """q(z | x) = N(A x + b, diag v): v is the same for every x, as in the exact posterior."""

    def __init__(self, data_dim: int, latent_dim: int) -> None:
        super().__init__()
        self.mean = nn.Linear(data_dim, latent_dim)
        self.log_variance = nn.Parameter(torch.zeros(latent_dim))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> DiagonalGaussian:
        mean = self.mean(x)
        return DiagonalGaussian(mean, self.log_variance.expand_as(mean))


class LinearDecoder(Decoder):
    """p(x | z) = N(W z + m, s I) with a learned s."""

    def __init__(self, data_dim: int, latent_dim: int) -> None:
        super().__init__()
        self.mean = nn.Linear(latent_dim, data_dim)
        self.log_variance = nn.Parameter(torch.zeros(()))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        return Gaussian(self.mean(z), self.log_variance)


class GivenNoise(Noise):
    """Hands out the numbers it was given."""

    def __init__(self, numbers: Tensor) -> None:
        super().__init__(len(numbers))
        self.numbers = numbers

    def normal(self, *shape: int) -> Tensor:
        assert self.numbers.shape[1:] == shape
        return self.numbers

    def uniform(self, *shape: int) -> Tensor:
        raise AssertionError("no uniform numbers are needed")


def exact_pair(
    data_dim: int, latent_dim: int, seed: int = 0
) -> tuple[LinearEncoder, LinearDecoder]:
    """A decoder whose weights have orthogonal columns, and the encoder that is its exact posterior.

    Orthogonal columns make the posterior's covariance (I + W'W / s)^-1 diagonal.
    """
    generator = torch.Generator().manual_seed(seed)
    encoder = LinearEncoder(data_dim, latent_dim).double().requires_grad_(False)
    decoder = LinearDecoder(data_dim, latent_dim).double().requires_grad_(False)
    random = torch.randn(data_dim, latent_dim, generator=generator, dtype=torch.float64)
    lengths = torch.linspace(0.5, 1.5, latent_dim, dtype=torch.float64)
    weight = torch.linalg.qr(random).Q * lengths
    variance = 0.3
    posterior_variance = 1.0 / (1.0 + lengths.square() / variance)
    gain = posterior_variance.unsqueeze(1) * weight.T / variance
    decoder.mean.weight.copy_(weight)
    decoder.mean.bias.copy_(torch.linspace(-1, 1, data_dim, dtype=torch.float64))
    decoder.log_variance.fill_(math.log(variance))
    encoder.mean.weight.copy_(gain)
    encoder.mean.bias.copy_(-gain @ decoder.mean.bias)
    encoder.log_variance.copy_(posterior_variance.log())
    return encoder, decoder


def exact_log_likelihood(decoder: LinearDecoder, x: Tensor) -> Tensor:
    """log N(x; m, W W' + s I), (N,)."""
    weight = decoder.mean.weight
    noise = decoder.log_variance.exp() * torch.eye(len(weight), dtype=weight.dtype)
    normal = torch.distributions.MultivariateNormal(decoder.mean.bias, weight @ weight.T + noise)
    return normal.log_prob(x)


def ppca_log_likelihood(x: Tensor, latent_dim: int) -> float:
    """Mean log likelihood at the maximum (Tipping and Bishop 1999, equations 7 and 8)."""
    eigenvalues = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
    kept, discarded = eigenvalues[:latent_dim], eigenvalues[latent_dim:]
    log_det = kept.log().sum() + len(discarded) * discarded.mean().log()
    return float(-0.5 * (x.shape[1] * (LOG_TWO_PI + 1.0) + log_det))
