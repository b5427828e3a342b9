"""Which images and options are taken, and what is said about the others."""

from __future__ import annotations

import pytest
import torch

from gaussian import normal
from genzoo import GenzooError, SampleSpec, SpecError
from genzoo_diffusion.architecture import Diffusion
from genzoo_diffusion.configs import DDPMUNetConfig, FlowTransformerConfig


@pytest.mark.parametrize("side", [16, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_latents_have_the_samples_shape(side, channels):
    sample = SampleSpec(shape=(channels, side, side), low=0.0, high=1.0)
    architecture = Diffusion(DDPMUNetConfig(), sample)
    assert architecture.latent.shape == sample.shape
    assert (architecture.sample.low, architecture.sample.high) == (-1.0, 1.0)
    again = Diffusion(DDPMUNetConfig(), architecture.sample)
    assert (again.sample, again.latent) == (architecture.sample, architecture.latent)


@pytest.mark.parametrize("shape", [(3, 48, 32), (4, 8, 8), (1, 28, 28), (3, 20, 128)])
@pytest.mark.parametrize("kind", [DDPMUNetConfig, FlowTransformerConfig])
def test_sides_need_only_be_multiples_of_the_patch(shape, kind):
    config = kind(width=32, patch=2)
    sample = SampleSpec(kind="latent", shape=shape, bounded=False)
    generator = Diffusion(config, sample).build()["generator"].eval()
    z = normal(2, *shape, seed=0).float()
    t = torch.tensor([1, 1])
    assert generator.denoiser(z, t).shape == z.shape
    assert generator.bounds is None


@pytest.mark.parametrize("shape", [(1, 6, 6), (3, 31, 32), (1, 32, 31)])
def test_other_sizes_are_refused(shape):
    with pytest.raises(SpecError, match="do not divide") as caught:
        Diffusion(DDPMUNetConfig(), SampleSpec(shape=shape))
    assert "--size" in caught.value.hint


def test_other_kinds_are_refused():
    with pytest.raises(SpecError, match="audio"):
        Diffusion(DDPMUNetConfig(), SampleSpec(kind="audio", shape=(16000,)))


@pytest.mark.parametrize(
    "config",
    [
        {"width": 12},
        {"timesteps": 60, "sampling_steps": 61},
        {"patch": 3},
        {"sampler": "heun", "eta": 0.5},
    ],
)
def test_options_out_of_bounds_are_refused(make_model, config):
    with pytest.raises(GenzooError, match=next(reversed(config))):
        make_model(**config)
