"""Likelihood bounds of whole models against exact likelihoods of 8 bit images."""

import math

import numpy as np
import pytest
import torch
from bundled_metrics import manager_with_metrics
from torch import nn

import genzoo
from genzoo import (
    Architecture,
    Config,
    Decoder,
    Encoder,
    LatentSpec,
    Likelihood,
    Model,
    Posterior,
    SampleSpec,
)

SHAPE = (1, 4, 4)


class Flat(Posterior):
    """N(0, 1): the exact posterior where x does not depend on z."""

    def __init__(self, count):
        self.count = count

    def rsample(self, noise):
        return noise.normal(2)

    def mode(self):
        return torch.zeros(self.count, 2)

    def log_prob(self, z):
        return -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)

    def kl(self):
        return torch.zeros(self.count, 2)

    def repeat(self, times):
        return Flat(self.count * times)


class FlatEncoder(Encoder):
    def forward(self, x, labels=None):
        return Flat(len(x))


class Uniform(Likelihood):
    """Every value of the range, or every level, is as likely."""

    def __init__(self, count, discrete):
        self.count, self.discrete = count, discrete

    def log_prob(self, x):
        each = math.log(256) if self.discrete else math.log(2 * 256 / 255)
        return torch.full((self.count,), -each * x[0].numel())

    def mean(self):
        return torch.zeros(self.count, *SHAPE)

    def sample(self, noise):
        return noise.uniform(*SHAPE) * 2 - 1


class UniformDecoder(Decoder):
    def __init__(self, discrete):
        super().__init__()
        self.discrete = discrete

    def forward(self, z, labels=None):
        return Uniform(len(z), self.discrete)


class FlatArchitecture(Architecture):
    def __init__(self):
        super().__init__(Config(), SampleSpec(shape=SHAPE))
        self.latent = LatentSpec(shape=(2,))

    def build(self):
        return {}


IMAGES = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 1), np.uint8)


@pytest.mark.parametrize("discrete", [False, True])
def test_uniform_likelihoods_cost_eight_bits_a_value(discrete, values):
    parts: dict[str, nn.Module] = {"encoder": FlatEncoder(), "decoder": UniformDecoder(discrete)}
    record = genzoo.evaluate(
        Model("tests/flat", FlatArchitecture(), parts),
        IMAGES,
        count=10,
        metrics=["likelihood", "reconstruction"],
        features="pixels",
        registry=manager_with_metrics().registry,
    )
    found = values(record)
    assert found["ELBO bits"] == pytest.approx(8.0, rel=1e-6)
    assert found["Log-likelihood bits"] == pytest.approx(8.0, rel=1e-6)
    assert found["ELBO"] == pytest.approx(-16 * math.log(256), rel=1e-6)
    grey = np.square(IMAGES / 255.0 - 128 / 255).mean()
    assert found["Reconstruction error"] == pytest.approx(grey, rel=1e-6)


def test_the_weighted_bound_is_no_lower_and_no_batch_changes_it(toy_vae, registry, values):
    images = np.random.default_rng(1).integers(0, 256, (30, 8, 8, 3), np.uint8)
    options = {"count": 10, "metrics": ["likelihood"], "features": "pixels"}
    known = manager_with_metrics().registry
    records = [
        genzoo.evaluate(toy_vae, images, batch_size=size, registry=known, **options)
        for size in (30, 7)
    ]
    first, second = (values(record) for record in records)
    assert first["Log-likelihood"] > first["ELBO"]
    assert first["Log-likelihood bits"] == pytest.approx(
        -first["Log-likelihood"] / (192 * math.log(2))
    )
    assert first == pytest.approx(second, rel=1e-5)
    assert records[0].parameters["genzoo/likelihood"] == {"images": 500, "draws": 100}


def test_another_prior_gives_another_likelihood(toy_vae, values):
    images = np.random.default_rng(1).integers(0, 256, (10, 8, 8, 3), np.uint8)
    known = manager_with_metrics().registry
    options = {"count": 10, "metrics": ["likelihood"], "features": "pixels", "registry": known}
    own = values(genzoo.evaluate(toy_vae, images, **options))
    shifted = values(genzoo.evaluate(toy_vae, images, prior="shifted", **options))
    assert own["ELBO"] != pytest.approx(shifted["ELBO"], rel=1e-4)


class Slope(Uniform):
    """The sum of an image's values: what noise of mean zero leaves alone on average."""

    def __init__(self, count):
        super().__init__(count, False)

    def log_prob(self, x):
        return x.flatten(1).sum(1)


class Grey(Slope):
    discrete = binary = True


class Made(Decoder):
    def __init__(self, make):
        super().__init__()
        self.make = make

    def forward(self, z, labels=None):
        return self.make(len(z))


def judged(make, images, **options):
    return genzoo.evaluate(
        Model("tests/flat", FlatArchitecture(), {"encoder": FlatEncoder(), "decoder": Made(make)}),
        images,
        count=10,
        metrics=["likelihood"],
        features="pixels",
        registry=manager_with_metrics().registry,
        **options,
    )


def test_noise_of_a_levels_width_is_centred_on_the_level(values):
    images = np.random.default_rng(0).integers(0, 256, (200, 4, 4, 1), np.uint8)
    width = 2 / 255
    exact = (images / 127.5 - 1.0).sum((1, 2, 3)).mean() + 16 * math.log(width)
    # Noise is off by half a level at most: its mean over 200 images of 16 values by this much.
    error = width / math.sqrt(12) * 4 / math.sqrt(200)
    assert values(judged(Slope, images))["ELBO"] == pytest.approx(exact, abs=4 * error)
    assert 4 * error < 0.1 * 16 * width / 2


def test_a_likelihood_of_zeros_and_ones_says_that_bits_of_grey_images_compare_with_nothing():
    binary = 255 * np.random.default_rng(0).integers(0, 2, (200, 4, 4, 1)).astype(np.uint8)
    for late in (0, 150):
        grey = binary.copy()
        grey[late:] = 128
        for value in judged(Grey, grey, batch_size=7).values:
            assert "not comparable" in value.warnings[0]
        assert not any(value.warnings for value in judged(Slope, grey).values)
    assert not any(value.warnings for value in judged(Grey, binary).values)
