"""The standard normal prior."""

import torch
from torch.distributions import Normal

from genzoo import LatentSpec, SampleNoise, StandardNormal


def test_log_density_is_the_normal_distributions():
    z = torch.randn(5, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    expected = Normal(0.0, 1.0).log_prob(z).flatten(1).sum(1)
    prior = StandardNormal(LatentSpec(shape=(3, 2, 2)))
    torch.testing.assert_close(prior.log_prob(z), expected)


def test_draws_are_the_noise():
    prior = StandardNormal(LatentSpec(shape=(3, 2)))
    noise = SampleNoise(4, range(5))
    assert torch.equal(prior.sample(noise), SampleNoise(4, range(5)).normal(3, 2))


def test_it_has_nothing_to_save():
    assert StandardNormal(LatentSpec(shape=(3,))).state_dict() == {}
