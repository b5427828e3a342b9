"""Convolutions that are torch's in all but speed."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genzoo import Conv2d, ConvTranspose2d
from genzoo.layers import subpixel
from genzoo.layers.products import Geometry, _Weights, convolve

WAYS = list(itertools.product([False, True], repeat=3))


def doubles(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(("transposed", "product", "by_subpixel"), WAYS)
def test_each_way_has_torchs_results_and_gradients(transposed, product, by_subpixel) -> None:
    geometry = Geometry((2, 2), (1, 1), transposed, product, by_subpixel)
    x, bias = doubles(2, 3, 6, 8), doubles(4)
    weight = doubles(3, 4, 4, 4) if transposed else doubles(4, 3, 4, 4)
    plain = F.conv_transpose2d if transposed else F.conv2d
    expected, result = plain(x, weight, bias, 2, 1), convolve(x, weight, bias, geometry)
    torch.testing.assert_close(result, expected)
    upstream = torch.randn_like(expected)
    for one, other in zip(
        torch.autograd.grad(result, (x, weight, bias), upstream),
        torch.autograd.grad(expected, (x, weight, bias), upstream),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(("transposed", "product", "by_subpixel"), WAYS)
def test_each_way_can_be_differentiated_twice(transposed, product, by_subpixel) -> None:
    geometry = Geometry((2, 2), (1, 1), transposed, product, by_subpixel)
    x, bias = doubles(1, 2, 4, 4), doubles(1)
    weight = doubles(2, 1, 4, 4) if transposed else doubles(1, 2, 4, 4)

    def run(*tensors: Tensor) -> Tensor:
        return convolve(*tensors, geometry)

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
    result = convolve(x * 1, weight, None, Geometry((2, 2), (1, 1), False, True, False))
    result.sum().backward(inputs=[x if wanted == "input" else weight])
    assert len(calls) == (wanted == "weight")
    assert (x.grad is None, weight.grad is None) == (wanted != "input", wanted == "input")


LAYERS = {
    "product": (Conv2d(8, 16, 4, 2, 1), nn.Conv2d(8, 16, 4, 2, 1), (2, 8, 8, 8)),
    "one pixel at a time": (Conv2d(8, 16, 3, 1, 1), nn.Conv2d(8, 16, 3, 1, 1), (2, 8, 4, 4)),
    "three channels": (Conv2d(3, 8, 4, 2, 1), nn.Conv2d(3, 8, 4, 2, 1), (32, 3, 32, 32)),
    "oblong": (Conv2d(4, 8, (3, 5), (2, 1), (0, 2)), nn.Conv2d(4, 8, (3, 5), (2, 1), (0, 2)),
               (2, 4, 9, 4)),
    "transposed product": (
        ConvTranspose2d(16, 8, 4, 2, 1), nn.ConvTranspose2d(16, 8, 4, 2, 1), (2, 16, 4, 4)
    ),
    "to three channels": (
        ConvTranspose2d(8, 3, 4, 2, 1), nn.ConvTranspose2d(8, 3, 4, 2, 1), (32, 8, 16, 16)
    ),
    "groups": (Conv2d(8, 8, 4, 2, 1, groups=2), nn.Conv2d(8, 8, 4, 2, 1, groups=2), (2, 8, 8, 8)),
    "same": (Conv2d(8, 8, 3, padding="same"), nn.Conv2d(8, 8, 3, padding="same"), (2, 8, 4, 4)),
    "output padding": (
        ConvTranspose2d(8, 8, 3, 2, 1, output_padding=1),
        nn.ConvTranspose2d(8, 8, 3, 2, 1, output_padding=1),
        (2, 8, 4, 4),
    ),
}  # fmt: skip


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_does_what_torchs_does(name, precision, memory) -> None:
    ours, theirs, shape = LAYERS[name]
    theirs.load_state_dict(ours.state_dict(), strict=True)
    x = torch.randn(shape).to(memory_format=memory)
    outcomes = []
    for layer in (ours, theirs):
        layer.zero_grad()
        given = x.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
            result = layer(given)
        result.float().square().mean().backward()
        assert result.dtype == precision
        outcomes.append([result.float(), given.grad, layer.weight.grad, layer.bias.grad])
    tolerance = 1e-5 if precision == torch.float32 else 2e-2
    for one, other in zip(*outcomes, strict=True):
        torch.testing.assert_close(one / other.abs().max(), other / other.abs().max(),
                                   rtol=0, atol=tolerance)  # fmt: skip


def test_a_penalty_on_gradients_reaches_the_weights_under_autocast() -> None:
    reached = []
    for layer in (Conv2d(4, 8, 4, 2, 1, bias=False), nn.Conv2d(4, 8, 4, 2, 1, bias=False)):
        torch.manual_seed(1)
        nn.init.normal_(layer.weight)
        x = torch.randn(2, 4, 8, 8, requires_grad=True)
        with torch.autocast("cpu", torch.bfloat16):
            (slope,) = torch.autograd.grad(layer(x).square().sum(), x, create_graph=True)
            slope.float().square().mean().backward()
        reached.append(layer.weight.grad)
    size = reached[1].abs().max()
    torch.testing.assert_close(reached[0] / size, reached[1] / size, rtol=0, atol=3e-2)


def test_a_result_may_be_written_to_in_place() -> None:
    layer = Conv2d(4, 8, 4, 2, 1)
    x = torch.randn(2, 4, 8, 8, dtype=torch.bfloat16)
    layer.bfloat16()
    F.leaky_relu(layer(x), 0.2, inplace=True).sum().backward()
    assert layer.weight.grad is not None


def test_an_empty_batch_is_no_trouble() -> None:
    assert ConvTranspose2d(4, 3, 4, 2, 1)(torch.empty(0, 4, 8, 8)).shape == (0, 3, 16, 16)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_upsampling_is_the_transposed_convolution(channels) -> None:
    x, weight, bias = doubles(2, 5, 3, 6), doubles(5, channels, 4, 4), doubles(channels)
    expected = F.conv_transpose2d(x, weight, bias, 2, 1)
    torch.testing.assert_close(subpixel.upsample(x, weight, bias), expected)
