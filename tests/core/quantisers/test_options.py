"""The choice of a quantiser."""

import math

import pytest
import torch

from genzoo import ConfigError, QuantisedPosterior, QuantiserConfig, make_quantiser
from genzoo.specs import parse_config

CHOICES = [
    ({"quantiser": "vq", "codes": 16, "code_dim": 3}, 3, 16, 1),
    ({"quantiser": "fsq", "levels": (4, 3)}, 2, 12, 1),
    ({"quantiser": "lfq", "codes": 32}, 5, 32, 1),
    ({"quantiser": "rvq", "codes": 16, "code_dim": 3, "streams": 2}, 3, 16, 2),
]


@pytest.mark.parametrize(("values", "dimensions", "size", "streams"), CHOICES)
def test_a_config_names_its_quantiser(values, dimensions, size, streams):
    layer = make_quantiser(QuantiserConfig(**values))
    assert (layer.dimensions, layer.size, layer.streams) == (dimensions, size, streams)
    x = torch.randn(2, dimensions, 3, 5)
    made = layer.train()(x)
    assert made.values.shape == x.shape
    assert made.codes.shape == (2, streams, 3, 5)
    assert made.penalty.shape == (2,)
    assert torch.equal(layer.eval().decode(layer(x).codes), layer(x).values)


@pytest.mark.parametrize(("values", "dimensions", "size", "streams"), CHOICES)
def test_the_kl_of_codes_is_their_rate(values, dimensions, size, streams):
    layer = make_quantiser(QuantiserConfig(**values)).eval()
    posterior = QuantisedPosterior(layer(torch.randn(2, dimensions, 3, 5)), layer)
    rate = posterior.kl().flatten(1).sum(1)
    assert rate.tolist() == pytest.approx([15 * streams * math.log(size)] * 2)
    assert posterior.log_prob(posterior.mode()).tolist() == [0.0, 0.0]
    assert posterior.log_prob(posterior.mode() + 1).tolist() == [-math.inf] * 2
    assert posterior.repeat(3).mode().shape[0] == 6


def test_codes_that_make_no_quantiser_are_refused():
    for values, reason in (
        ({"quantiser": "lfq", "codes": 12}, "power of two"),
        ({"quantiser": "fsq", "levels": (1000, 1000)}, "more than 262144 codes"),
        ({"quantiser": "pq"}, "'vq', 'fsq', 'lfq' or 'rvq'"),
    ):
        with pytest.raises(ConfigError, match=reason):
            parse_config(QuantiserConfig, values, "architecture x")


def test_perplexity_is_that_of_the_codes_of_the_batch():
    layer = make_quantiser(QuantiserConfig(quantiser="fsq", levels=(2, 2)))
    codes = torch.tensor([[[0, 0, 1, 1]], [[0, 0, 2, 2]]])
    perplexity, share = layer.usage(codes)
    entropy = -(0.5 * math.log(0.5) + 2 * 0.25 * math.log(0.25))
    assert perplexity.item() == pytest.approx(math.exp(entropy))
    assert share.item() == 0.75
