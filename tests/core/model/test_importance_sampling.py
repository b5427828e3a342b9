"""Importance weights where the posterior is exact, so that each says log p(x | label) itself."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from genzoo import BatchNoise, DiagonalGaussian, Gaussian, LatentSpec, StandardNormal
from genzoo.model.importance_sampling import estimate_log_likelihood, log_weights

VARIANCE = 0.25
PRIOR = StandardNormal(LatentSpec(shape=(2,)))


def centre(x: Tensor, labels: Tensor | None) -> Tensor:
    """What is added to the latent: 3 times the class."""
    return torch.zeros_like(x) if labels is None else 3.0 * labels.unsqueeze(1).expand_as(x)


def decoder(z: Tensor, labels: Tensor | None) -> Gaussian:
    return Gaussian(z + centre(z, labels), torch.tensor(math.log(VARIANCE)))


def encoder(x: Tensor, labels: Tensor | None) -> DiagonalGaussian:
    total = 1 + VARIANCE
    variance = torch.full_like(x, VARIANCE / total)
    return DiagonalGaussian((x - centre(x, labels)) / total, variance.log())


@pytest.mark.parametrize("labels", [None, torch.tensor([0, 1, 2, 1, 0])])
def test_the_estimate_is_exact_with_labels_and_without(labels: Tensor | None) -> None:
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    whole = Gaussian(centre(x, labels), torch.tensor(math.log(1 + VARIANCE)))
    expected = whole.log_prob(x)
    posterior = encoder(x, labels)
    once = log_weights(posterior, decoder, PRIOR, x, BatchNoise(5, 1), labels)
    torch.testing.assert_close(once, expected)
    for samples in (1, 7):
        found = estimate_log_likelihood(
            encoder, decoder, PRIOR, x, BatchNoise(5, 2), samples, labels
        )
        torch.testing.assert_close(found, expected)
