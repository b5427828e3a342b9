"""A training step by hand, so that objectives are tested apart from the trainer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
import torch
from torch import Tensor, nn

from genzoo import Batch, LatentSpec, SampleSpec, StandardNormal, Step, Term, Terms, TrainingContext
from genzoo_vae.configs import ConvVAEConfig
from genzoo_vae.conv_vae import ConvVAE

BATCH = 6


@pytest.fixture(autouse=True)
def _seed() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture
def small() -> ConvVAE:
    """Conv-vae at 16 pixels, tiny."""
    return ConvVAE(ConvVAEConfig(latent_dim=5, width=4), SampleSpec(shape=(3, 16, 16)))


@pytest.fixture
def parts(small: ConvVAE) -> Mapping[str, nn.Module]:
    return small.build()


@pytest.fixture
def context(small: ConvVAE) -> TrainingContext:
    return TrainingContext(small.sample, small.latent, 10_000, BATCH, 100)


@pytest.fixture
def make_step() -> Callable[..., Step]:
    """A step on six random images, or on what it is given."""

    def make(
        parts: Mapping[str, nn.Module],
        x: Tensor | None = None,
        labels: Tensor | None = None,
        index: int = 0,
        latent_dim: int = 5,
    ) -> Step:
        if x is None:
            x = torch.rand(BATCH, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
        return Step(
            index=index,
            total=100,
            batch=Batch(x, labels),
            parts=parts,
            prior=StandardNormal(LatentSpec(shape=(latent_dim,))),
        )

    return make


@pytest.fixture
def reduce_terms() -> Callable[[Terms, int], Tensor]:
    """Means, weights and sum of terms, with the contract checked."""

    def reduce(terms: Terms, count: int) -> Tensor:
        total = torch.zeros((), dtype=torch.float64)
        for term in terms.values():
            value, weight = (term.value, term.weight) if isinstance(term, Term) else (term, 1.0)
            assert value.shape == (count,)
            total = total + weight * value.mean()
        return total

    return reduce
