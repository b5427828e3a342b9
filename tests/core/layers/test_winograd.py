"""Minimal filtering: its steps, its error and where it is taken."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from genzoo.layers import winograd
from genzoo.layers.nodes import convolve
from genzoo.layers.ways import Direct, Winograd
from genzoo.layers.winograd import contract, cut, expand, gather, join, spread, suits

TRAINING = ("training", torch.bfloat16)
SHAPES = [(1, 1, 4, 4), (3, 2, 4, 8), (2, 5, 12, 4), (5, 3, 8, 8)]
PADDED = ((2, 2), (1, 1))


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def doubles(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def product(first: torch.Tensor, second: torch.Tensor) -> float:
    return (first * second).sum().item()


@pytest.mark.parametrize("group", [1, 150, 1 << 20])
@pytest.mark.parametrize("shape", SHAPES)
def test_join_is_the_transpose_of_cut(shape, group, monkeypatch) -> None:
    monkeypatch.setattr(winograd, "GROUP", group)
    large = doubles(*shape)
    tiles = cut(large)
    products = torch.randn_like(tiles)
    assert product(tiles, products) == pytest.approx(product(large, join(products, shape)))


@pytest.mark.parametrize("shape", [(1, 1, 2, 2), (3, 2, 2, 4), (2, 5, 6, 2)])
def test_gather_is_the_transpose_of_spread(shape) -> None:
    small = doubles(*shape)
    tiles = spread(small)
    products = torch.randn_like(tiles)
    assert product(tiles, products) == pytest.approx(product(small, gather(products, shape)))


def test_contract_is_the_transpose_of_expand() -> None:
    weight = doubles(3, 5, 4, 4)
    kernels = expand(weight, torch.float64)
    products = torch.randn_like(kernels)
    returned = contract(products, weight.shape)
    assert product(kernels, products) == pytest.approx(product(weight, returned))


def test_a_square_takes_nine_products_for_each_pair_of_channels() -> None:
    assert cut(doubles(2, 3, 8, 8)).shape == (9, 2 * 4, 4 * 3)
    assert spread(doubles(2, 5, 4, 4)).shape == (9, 2 * 4, 5)
    assert expand(doubles(5, 3, 4, 4), torch.float64).shape == (9, 5, 4 * 3)


@pytest.mark.parametrize("transposed", [False, True])
def test_in_bfloat16_the_error_is_a_few_times_that_of_a_convolution(transposed) -> None:
    x = torch.randn(16, 64, 8, 8).bfloat16().to(memory_format=torch.channels_last)
    weight = torch.randn(64, 64, 4, 4).to(memory_format=torch.channels_last)
    outcomes = []
    for way, dtype in (
        (Direct((2, 2), (1, 1), transposed), torch.float64),
        (Direct((2, 2), (1, 1), transposed), torch.bfloat16),
        (Winograd(transposed), torch.bfloat16),
    ):
        given, kernel = x.to(dtype).requires_grad_(), weight.to(dtype).requires_grad_()
        result = convolve(given, kernel, None, way)
        upstream = torch.ones_like(result).cumsum(0).cumsum(3).sin()
        outcomes.append([result, *torch.autograd.grad(result, (given, kernel), upstream)])
    for exact, plain, ours in zip(*outcomes, strict=True):
        plain_error, our_error = (
            ((other.double() - exact).square().mean() / exact.square().mean()).sqrt()
            for other in (plain, ours)
        )
        assert our_error < 0.012
        assert our_error < 6 * plain_error


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_weights_get_a_gradient_in_float32_laid_out_as_they_are(dtype) -> None:
    weight = torch.randn(8, 4, 4, 4).to(memory_format=torch.channels_last).requires_grad_()
    convolve(torch.randn(2, 4, 8, 8, dtype=dtype), weight, None, Winograd(False)).sum().backward()
    assert weight.grad is not None
    assert (weight.grad.dtype, weight.grad.stride()) == (torch.float32, weight.stride())


def test_the_bias_is_added_and_learns() -> None:
    x, bias = doubles(2, 3, 4, 4), doubles(6).requires_grad_()
    result = convolve(x, doubles(6, 3, 4, 4) * 0, bias, Winograd(False))
    assert torch.equal(result, bias.detach()[:, None, None].expand(2, 6, 2, 2))
    result.sum().backward()
    assert torch.equal(bias.grad, torch.full((6,), 8.0, dtype=torch.float64))


def test_it_is_taken_where_there_is_much_to_multiply_and_only_where_it_fits() -> None:
    weight = torch.empty(256, 128, 4, 4).to(memory_format=torch.channels_last)
    assert suits(weight, *PADDED, (4, 4), 64, TRAINING)
    assert not suits(weight, *PADDED, (4, 4), 2, TRAINING)
    assert not suits(weight, *PADDED, (4, 4), 0, TRAINING)
    assert not suits(weight, *PADDED, (5, 4), 64, TRAINING)
    assert not suits(weight, (1, 1), (1, 1), (4, 4), 64, TRAINING)
    assert not suits(weight, (2, 2), (0, 0), (4, 4), 64, TRAINING)
    assert not suits(weight[:, :16], *PADDED, (4, 4), 64, TRAINING)
    assert not suits(weight[..., :3, :3], *PADDED, (4, 4), 64, TRAINING)
    assert not suits(weight.contiguous(), *PADDED, (4, 4), 64, TRAINING)
    assert not suits(weight, *PADDED, (4, 4), 64, ("sampling", torch.float32))
    assert not suits(weight, *PADDED, (4, 4), 64, ("training", torch.float64))


def test_a_second_pass_with_another_gradient_uses_that() -> None:
    x, weight = doubles(1, 2, 4, 4).requires_grad_(), doubles(3, 2, 4, 4).requires_grad_()
    result = convolve(x * 1, weight, None, Winograd(False))
    torch.autograd.grad(result, x, torch.ones_like(result), retain_graph=True)
    upstream = torch.randn_like(result)
    expected = F.conv2d(x, weight, None, 2, 1)
    for one, other in zip(
        torch.autograd.grad(result, (x, weight), upstream),
        torch.autograd.grad(expected, (x, weight), upstream),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_a_gradient_of_weights_is_rounded_no_more_than_its_two_sums(dtype) -> None:
    shape = (6, 5, 4, 4)
    products = torch.randn(9, 6, 20, dtype=torch.float64).to(dtype)
    made, exact = contract(products, shape), contract(products.double(), shape)
    sizes = contract(products.double().abs(), shape)
    assert made.dtype == torch.promote_types(dtype, torch.float32)
    assert ((made - exact).abs() <= torch.finfo(dtype).eps * sizes).all()
