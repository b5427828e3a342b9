"""Samples that are draws from a likelihood, and those that are its mean."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
import toys
from torch import Tensor, nn

from genzoo import (
    CapabilityError,
    Categorical,
    Decoder,
    Likelihood,
    Model,
    SampleSpec,
    UsageError,
)
from genzoo.interfaces.noise import SampleNoise

SHAPE, TOKENS = (6,), 5


class Writer(Decoder):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(toys.LATENT, SHAPE[0] * TOKENS)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Likelihood:
        return Categorical(self.layer(z).view(-1, *SHAPE, TOKENS))


class Warm(toys.ToyDecoder):
    """Its likelihood takes no temperature."""


class Drawing(toys.ToyVAE):
    draws_samples = True

    def __init__(self, decoder: nn.Module, sample: SampleSpec) -> None:
        super().__init__(toys.ToyConfig(), sample)
        self.sample = sample
        self.decoder = decoder

    def build(self) -> Mapping[str, nn.Module]:
        return {"decoder": self.decoder}


def drawing(decoder: nn.Module, sample: SampleSpec) -> Model:
    architecture = Drawing(decoder, sample)
    return Model("tests/drawing", architecture, architecture.build()).requires_grad_(False)


@pytest.fixture
def model() -> Model:
    spec = SampleSpec(kind="tokens", shape=SHAPE, low=0.0, high=TOKENS - 1.0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return drawing(Writer(), spec)


def test_a_drawn_sample_depends_on_the_seed_and_its_number_alone(model: Model) -> None:
    whole = model.sample(20, seed=5)
    assert whole.shape == (20, *SHAPE)
    assert whole.eq(whole.round()).all()
    for batch_size in (1, 3, 7, 64):
        assert torch.equal(model.sample(20, seed=5, batch_size=batch_size), whole)
    assert torch.equal(model.sample(6, seed=5, start=14, batch_size=4), whole[14:])
    assert not torch.equal(model.sample(20, seed=6), whole)


def test_a_draw_has_noise_of_its_own_beside_that_of_its_latent(model: Model) -> None:
    latents = model.draw_latents(20, seed=5)
    likelihood = model.parts["decoder"](latents)
    expected = likelihood.sample(SampleNoise(5, range(20), stream="likelihood"))
    assert torch.equal(model.sample(20, seed=5), expected)
    assert not torch.equal(expected, likelihood.sample(SampleNoise(5, range(20))))


def test_decoding_takes_the_most_likely_sample_and_so_does_temperature_0(model: Model) -> None:
    latents = model.draw_latents(20, seed=5)
    best = model.parts["decoder"](latents).mode()
    assert torch.equal(model.decode(latents, batch_size=3), best)
    assert torch.equal(model.sample(20, seed=5, temperature=0.0), best)


def test_colder_draws_are_likelier(model: Model) -> None:
    latents = model.draw_latents(500, seed=5)
    likelihood = model.parts["decoder"](latents)
    means = [
        float(likelihood.log_prob(model.sample(500, seed=5, temperature=each)).mean())
        for each in (0.3, 1.0, 3.0)
    ]
    assert means == sorted(means, reverse=True)


@pytest.mark.parametrize("temperature", [-0.1, float("nan"), float("inf")])
def test_temperatures_that_are_none_are_refused(model: Model, temperature: float) -> None:
    with pytest.raises(UsageError, match="temperature must be 0 or above"):
        model.sample(2, temperature=temperature)


def test_means_have_no_temperature(toy_vae: Model) -> None:
    assert torch.equal(toy_vae.sample(3, temperature=1.0), toy_vae.sample(3))
    with pytest.raises(CapabilityError, match="no temperature"):
        toy_vae.sample(3, temperature=0.5)


def test_a_likelihood_without_a_temperature_is_named() -> None:
    spec = SampleSpec(shape=(3, 4, 4), low=0.0)
    model = drawing(Warm(spec), spec)
    assert model.sample(2).shape == (2, 3, 4, 4)
    with pytest.raises(CapabilityError, match="its likelihood takes none"):
        model.sample(2, temperature=0.5)
