"""Networks that model an autoencoder's latents, which have no bounds."""

import pytest
import torch

from genzoo import SampleSpec, SpecError
from genzoo.model.build import build_model
from genzoo.plugins.manager import default_manager

LATENTS = SampleSpec(kind="latent", shape=(4, 8, 8), bounded=False)


def built(name, sample, **config):
    return build_model(default_manager().registry, name, sample, config, seed=0)


@pytest.mark.parametrize("name", ["convgan", "r3gan"])
def test_the_last_layer_follows_the_bounds_of_the_samples(name):
    z = 50 * torch.randn(64, built(name, LATENTS).latent_spec.shape[0])
    for sample in (LATENTS, SampleSpec(shape=(3, 16, 16))):
        generator = built(name, sample).parts["generator"]
        for parameter in generator.parameters():
            parameter.data *= 5
        largest = generator.eval()(z).abs().max()
        assert (largest <= 1) == sample.bounded


@pytest.mark.parametrize("name", ["convgan", "r3gan"])
def test_latents_of_eight_places_a_side_have_networks(name):
    model = built(name, LATENTS)
    x = model.parts["generator"](torch.randn(2, *model.latent_spec.shape))
    assert x.shape == (2, 4, 8, 8)
    assert model.parts["discriminator"](x).shape == (2,)


def test_latents_of_other_sides_are_refused():
    with pytest.raises(SpecError, match="latents of 6x6 places"):
        built("convgan", SampleSpec(kind="latent", shape=(4, 6, 6), bounded=False))
    with pytest.raises(SpecError, match="cannot be trained through an autoencoder"):
        built("dcgan", LATENTS)
