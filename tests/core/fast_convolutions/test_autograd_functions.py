"""Each algorithm for a convolution, in the two nodes that it is to autograd."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from genzoo.fast_convolutions.algorithms import Direct, Winograd
from genzoo.fast_convolutions.autograd_functions import _Weights, convolve

ALGORITHMS = [
    *(Direct(*flags) for flags in itertools.product([False, True], repeat=3)),
    *(Winograd(transposed) for transposed in (False, True)),
]


def doubles(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=str)
def test_each_algorithm_has_torchs_results_and_gradients(algorithm) -> None:
    x, bias = doubles(2, 3, 8, 12), doubles(4)
    weight = doubles(3, 4, 4, 4) if algorithm.transposed else doubles(4, 3, 4, 4)
    plain = F.conv_transpose2d if algorithm.transposed else F.conv2d
    expected, result = plain(x, weight, bias, 2, 1), convolve(x, weight, bias, algorithm)
    torch.testing.assert_close(result, expected)
    upstream = torch.randn_like(expected)
    for one, other in zip(
        torch.autograd.grad(result, (x, weight, bias), upstream),
        torch.autograd.grad(expected, (x, weight, bias), upstream),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=str)
def test_each_algorithm_can_be_differentiated_twice(algorithm) -> None:
    x, bias = doubles(1, 2, 4, 4), doubles(1)
    weight = doubles(2, 1, 4, 4) if algorithm.transposed else doubles(1, 2, 4, 4)

    def run(*tensors: Tensor) -> Tensor:
        return convolve(*tensors, algorithm)

    assert torch.autograd.gradcheck(run, (x, weight, bias))
    assert torch.autograd.gradgradcheck(run, (x, weight, bias))


@pytest.mark.parametrize("wanted", ["input", "weight"])
def test_what_nobody_wants_is_not_computed(wanted, monkeypatch) -> None:
    calls = []
    original = _Weights.backward
    monkeypatch.setattr(
        _Weights, "backward", staticmethod(lambda *given: calls.append(1) or original(*given))
    )
    x, weight = doubles(1, 2, 4, 4), doubles(3, 2, 4, 4)
    result = convolve(x * 1, weight, None, Direct(False, product=True))
    result.sum().backward(inputs=[x if wanted == "input" else weight])
    assert len(calls) == (wanted == "weight")
    assert (x.grad is None, weight.grad is None) == (wanted != "input", wanted == "input")


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=str)
def test_a_result_may_be_written_to_in_place(algorithm) -> None:
    x, weight = doubles(2, 3, 8, 8), doubles(3, 3, 4, 4)
    F.leaky_relu(convolve(x, weight, None, algorithm), 0.2, inplace=True).sum().backward()
    assert weight.grad is not None
