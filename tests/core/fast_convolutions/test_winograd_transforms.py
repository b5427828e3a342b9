"""Minimal filtering: its steps and its error."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from genzoo.fast_convolutions import winograd_transforms
from genzoo.fast_convolutions.algorithms import Direct, Winograd
from genzoo.fast_convolutions.autograd_functions import convolve
from genzoo.fast_convolutions.winograd_transforms import (
    kernel_to_tiles,
    large_to_tiles,
    small_to_tiles,
    tiles_to_kernel,
    tiles_to_large,
    tiles_to_small,
)

SHAPES = [(1, 1, 4, 4), (3, 2, 4, 8), (2, 5, 12, 4), (5, 3, 8, 8)]


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def doubles(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def product(first: torch.Tensor, second: torch.Tensor) -> float:
    return (first * second).sum().item()


@pytest.mark.parametrize("group", [1, 150, 1 << 20])
@pytest.mark.parametrize("shape", SHAPES)
def test_tiles_to_large_is_the_transpose_of_large_to_tiles(shape, group, monkeypatch) -> None:
    monkeypatch.setattr(winograd_transforms, "GROUP", group)
    large = doubles(*shape)
    tiles = large_to_tiles(large)
    products = torch.randn_like(tiles)
    assert product(tiles, products) == pytest.approx(
        product(large, tiles_to_large(products, shape))
    )


@pytest.mark.parametrize("shape", [(1, 1, 2, 2), (3, 2, 2, 4), (2, 5, 6, 2)])
def test_tiles_to_small_is_the_transpose_of_small_to_tiles(shape) -> None:
    small = doubles(*shape)
    tiles = small_to_tiles(small)
    products = torch.randn_like(tiles)
    assert product(tiles, products) == pytest.approx(
        product(small, tiles_to_small(products, shape))
    )


def test_tiles_to_kernel_is_the_transpose_of_kernel_to_tiles() -> None:
    weight = doubles(3, 5, 4, 4)
    kernels = kernel_to_tiles(weight, torch.float64)
    products = torch.randn_like(kernels)
    returned = tiles_to_kernel(products, weight.shape)
    assert product(kernels, products) == pytest.approx(product(weight, returned))


def test_a_square_takes_nine_products_for_each_pair_of_channels() -> None:
    assert large_to_tiles(doubles(2, 3, 8, 8)).shape == (9, 2 * 4, 4 * 3)
    assert small_to_tiles(doubles(2, 5, 4, 4)).shape == (9, 2 * 4, 5)
    assert kernel_to_tiles(doubles(5, 3, 4, 4), torch.float64).shape == (9, 5, 4 * 3)


@pytest.mark.parametrize("transposed", [False, True])
def test_in_bfloat16_the_error_is_a_few_times_that_of_a_convolution(transposed) -> None:
    x = torch.randn(16, 64, 8, 8).bfloat16().to(memory_format=torch.channels_last)
    weight = torch.randn(64, 64, 4, 4).to(memory_format=torch.channels_last)
    outcomes = []
    for algorithm, dtype in (
        (Direct(transposed), torch.float64),
        (Direct(transposed), torch.bfloat16),
        (Winograd(transposed), torch.bfloat16),
    ):
        given, kernel = x.to(dtype).requires_grad_(), weight.to(dtype).requires_grad_()
        result = convolve(given, kernel, None, algorithm)
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
    made, exact = tiles_to_kernel(products, shape), tiles_to_kernel(products.double(), shape)
    sizes = tiles_to_kernel(products.double().abs(), shape)
    assert made.dtype == torch.promote_types(dtype, torch.float32)
    assert ((made - exact).abs() <= torch.finfo(dtype).eps * sizes).all()
