"""Quantisers whose codebooks are grids."""

import math

import pytest
import torch

from genzoo.quantisers.scalar import FiniteScalarQuantiser, LookupFreeQuantiser


def line(*values):
    """An array of one number a place."""
    return torch.tensor([[values]])


def test_three_levels_are_minus_one_zero_and_one():
    made = FiniteScalarQuantiser([3])(line(-9.0, -0.4, 0.0, 0.4, 9.0))
    assert made.values.tolist() == [[[-1.0, 0.0, 0.0, 0.0, 1.0]]]
    assert made.codes.tolist() == [[[0, 1, 1, 1, 2]]]
    assert made.penalty.tolist() == [0.0]


def test_an_even_number_of_levels_leaves_one_out_and_has_zero_at_zero():
    made = FiniteScalarQuantiser([4])(line(-9.0, 0.0, 9.0))
    assert made.values.tolist() == [[[-1.0, 0.0, 0.5]]]
    assert made.codes.tolist() == [[[0, 2, 3]]]


def test_thresholds_are_where_the_bound_crosses_the_middle_between_levels():
    half = 2 * 1.001  # Of five levels, with the margin.
    edge = math.atanh(0.5 / half)
    made = FiniteScalarQuantiser([5])(line(edge - 1e-4, edge + 1e-4))
    assert made.codes.tolist() == [[[2, 3]]]


def test_the_first_number_counts_units_and_every_code_has_its_own_vector():
    layer = FiniteScalarQuantiser([8, 5, 3])
    codes = torch.arange(layer.size).view(1, 1, -1)
    vectors = layer.decode(codes)
    assert layer.size == 120
    assert len({tuple(row) for row in vectors[0].T.tolist()}) == 120
    assert vectors[0, 1:, 0].tolist() == vectors[0, 1:, 1].tolist()
    assert (vectors[0, 0, 1] - vectors[0, 0, 0]).item() == 0.25


def test_what_is_decoded_is_what_was_encoded():
    layer = FiniteScalarQuantiser([8, 5, 5, 5])
    x = 3 * torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    made = layer(x)
    assert torch.equal(layer.decode(made.codes), made.values)
    assert made.codes.min() >= 0
    assert made.codes.max() < layer.size


def test_the_gradient_of_rounding_is_that_of_the_bound():
    x = line(0.3).requires_grad_()
    (slope,) = torch.autograd.grad(FiniteScalarQuantiser([5])(x).values.sum(), x)
    # The scaled bound is 1.001 * tanh(x).
    assert slope.item() == pytest.approx(1.001 * (1 - math.tanh(0.3) ** 2), rel=1e-5)


def test_lookup_free_codes_are_the_signs():
    layer = LookupFreeQuantiser(3)
    x = torch.tensor([[[0.2, -3.0], [-0.1, 2.0], [5.0, 1.0]]])
    made = layer.eval()(x)
    assert made.values.tolist() == [[[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]]
    assert made.codes.tolist() == [[[0b101, 0b110]]]
    assert torch.equal(layer.decode(made.codes), made.values)
    assert made.penalty.item() == pytest.approx(0.64 + 4.0 + 0.81 + 1.0 + 16.0 + 0.0)


def test_the_entropies_are_those_of_the_softmax_over_both_codes():
    layer = LookupFreeQuantiser(1, entropy=1.0).train()
    x = line(0.1, -0.3)
    p = [1 / (1 + math.exp(-((v + 1) ** 2 - (v - 1) ** 2))) for v in (0.1, -0.3)]
    entropy = [-(q * math.log(q) + (1 - q) * math.log(1 - q)) for q in p]
    mean = sum(p) / 2
    whole = -(mean * math.log(mean) + (1 - mean) * math.log(1 - mean))
    expected = 0.9**2 + 0.7**2 + sum(entropy) - 2 * whole
    assert layer(x).penalty.item() == pytest.approx(expected, rel=1e-5)


def test_the_penalty_rewards_sure_and_varied_codes():
    layer = LookupFreeQuantiser(2, entropy=1.0).train()
    varied = torch.tensor([[[1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]]])
    assert layer(varied).penalty < layer(varied.abs()).penalty
