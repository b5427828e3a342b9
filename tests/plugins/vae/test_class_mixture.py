"""A mixture for each class."""

from __future__ import annotations

import math

import pytest
import torch

import genzoo
from genzoo import LatentSpec, SampleNoise
from genzoo_vae.class_mixture import ClassMixturePrior
from genzoo_vae.configs import ClassMixtureConfig, MixtureConfig
from genzoo_vae.mixture import GaussianMixturePrior

CONFIG = ClassMixtureConfig(components=2, classes=("a", "b"), shrinkage=1.0)


def fitted() -> tuple[ClassMixturePrior, torch.Tensor, torch.Tensor]:
    """Class a lies around 0 and class b, three times as large, around 10."""
    generator = torch.Generator().manual_seed(0)
    labels = (torch.arange(400) % 4 > 0).long()
    latents = torch.randn(400, 3, generator=generator) + 10 * labels[:, None]
    prior = ClassMixturePrior(LatentSpec(shape=(3,)), CONFIG)
    return prior.fit_classes(latents, labels, 0), latents, labels


def test_latents_of_a_class_lie_where_its_data_do():
    prior, _, _ = fitted()
    assert prior.classes == ("a", "b")
    labels = torch.arange(200) % 2
    z = prior.of_classes(labels).sample(SampleNoise(0, range(200)))
    assert (z.mean(1) > 5).long().tolist() == labels.tolist()
    anyone = prior.sample(SampleNoise(1, range(400)))
    assert float((anyone.mean(1) > 5).float().mean()) == pytest.approx(0.75, abs=0.07)


def test_a_latent_depends_on_its_own_number_and_class_alone():
    prior, _, _ = fitted()
    labels = torch.arange(8) % 2
    whole = prior.of_classes(labels).sample(SampleNoise(0, range(8)))
    part = prior.of_classes(labels[3:5]).sample(SampleNoise(0, range(3, 5)))
    torch.testing.assert_close(whole[3:5], part)


def test_truncation_shrinks_towards_the_means_of_the_class():
    prior, _, _ = fitted()
    labels = torch.ones(50, dtype=torch.long)
    z = prior.of_classes(labels).sample_truncated(SampleNoise(0, range(50)), 1e-6)
    assert len({tuple(row) for row in z.mul(100).round().tolist()}) <= 2
    assert (z.mean(1) > 5).all()


def test_densities_are_those_of_the_mixtures():
    prior, latents, labels = fitted()
    own = GaussianMixturePrior(LatentSpec(shape=(3,)), MixtureConfig(components=2, shrinkage=1.0))
    own.fit(latents[labels == 1], 0)
    z = latents[:20]
    ones = torch.ones(20, dtype=torch.long)
    torch.testing.assert_close(prior.of_classes(ones).log_prob(z), own.log_prob(z))
    zeros = prior.of_classes(0 * ones).log_prob(z)
    both = torch.stack([zeros + math.log(0.25), own.log_prob(z) + math.log(0.75)])
    torch.testing.assert_close(prior.log_prob(z), both.logsumexp(0))


def test_a_model_without_classes_has_one_mixture():
    prior = ClassMixturePrior(LatentSpec(shape=(3,)), ClassMixtureConfig(components=2))
    generator = torch.Generator().manual_seed(0)
    prior.fit(7 + torch.randn(100, 3, generator=generator), 0)
    assert prior.classes == ()
    assert float(prior.sample(SampleNoise(0, range(100))).mean()) == pytest.approx(7, abs=0.3)


def test_a_conditional_model_draws_by_class_from_the_prior_its_architecture_wishes(
    bundled, monkeypatch
):
    model = genzoo.build(
        "conv-vae",
        classes=("a", "b"),
        config={"latent_dim": 3, "width": 4},
        size=16,
        registry=bundled,
    )
    monkeypatch.setattr(type(model.architecture), "sampling_prior", "class-mixture")
    normal = model.draw_latents(40)
    assert model.default_prior == "default"
    model.add_priors({"class-mixture": fitted()[0]})
    assert model.default_prior == "class-mixture"
    z = model.draw_latents(40)
    assert (z.mean(1) > 5).long().tolist() == [0, 1] * 20
    assert (model.draw_latents(4, labels="b").mean(1) > 5).all()
    torch.testing.assert_close(model.draw_latents(40, prior="default"), normal)
    labelled = model.sample(4, labels=["b", "b", "a", "b"])
    latents = model.draw_latents(4, labels=["b", "b", "a", "b"])
    torch.testing.assert_close(labelled, model.decode(latents, ["b", "b", "a", "b"]))
