"""Which images and options are taken, and what is said about the others."""

from __future__ import annotations

import pytest

from genzoo import GenzooError, SampleSpec, SpecError
from genzoo_diffusion.architecture import DDPM
from genzoo_diffusion.configs import DDPMConfig


@pytest.mark.parametrize("side", [16, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_latents_have_the_samples_shape(side, channels):
    sample = SampleSpec(shape=(channels, side, side), low=0.0, high=1.0)
    architecture = DDPM(DDPMConfig(), sample)
    assert architecture.latent.shape == sample.shape
    assert (architecture.sample.low, architecture.sample.high) == (-1.0, 1.0)
    again = DDPM(DDPMConfig(), architecture.sample)
    assert (again.sample, again.latent) == (architecture.sample, architecture.latent)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 16), (1, 24, 24), (1, 128, 128)])
def test_other_sizes_are_refused(shape):
    with pytest.raises(SpecError, match="pixels") as caught:
        DDPM(DDPMConfig(), SampleSpec(shape=shape))
    assert "--size" in caught.value.hint


def test_other_kinds_are_refused():
    with pytest.raises(SpecError, match="audio"):
        DDPM(DDPMConfig(), SampleSpec(kind="audio", shape=(16000,)))


@pytest.mark.parametrize(
    "config", [{"width": 12}, {"timesteps": 60, "sampling_steps": 61}, {"patch": 3}]
)
def test_options_out_of_bounds_are_refused(make_model, config):
    with pytest.raises(GenzooError, match=next(reversed(config))):
        make_model(**config)
