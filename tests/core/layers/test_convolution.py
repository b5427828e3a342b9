"""Convolutions that are torch's in all but speed."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from genzoo import Conv2d, ConvTranspose2d
from genzoo.layers import convolution, subpixel, winograd


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


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
    "squares": (
        Conv2d(128, 256, 4, 2, 1), nn.Conv2d(128, 256, 4, 2, 1), (64, 128, 8, 8)
    ),
    "transposed squares": (
        ConvTranspose2d(256, 128, 4, 2, 1), nn.ConvTranspose2d(256, 128, 4, 2, 1), (64, 256, 4, 4)
    ),
}  # fmt: skip


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_does_what_torchs_does(name, precision, memory) -> None:
    ours, theirs, shape = LAYERS[name]
    ours.to(memory_format=memory)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    x = torch.randn(shape).to(memory_format=memory)
    outcomes = []
    for layer in (ours, theirs):
        layer.zero_grad()
        taken = x.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
            result = layer(taken)
        result.float().square().mean().backward()
        assert result.dtype == precision
        outcomes.append([result.float(), taken.grad, layer.weight.grad, layer.bias.grad])
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


def test_an_empty_batch_is_no_trouble() -> None:
    assert ConvTranspose2d(4, 3, 4, 2, 1)(torch.empty(0, 4, 8, 8)).shape == (0, 3, 16, 16)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_squares_are_taken_in_training_by_weights_with_channels_last(memory, monkeypatch) -> None:
    taken = []
    monkeypatch.setattr(convolution, "Winograd", lambda transposed: taken.append(transposed))
    monkeypatch.setattr(convolution, "convolve", lambda *given: None)
    layers = Conv2d(128, 256, 4, 2, 1), ConvTranspose2d(256, 128, 4, 2, 1)
    maps = torch.zeros(64, 128, 8, 8), torch.zeros(64, 256, 4, 4)
    for layer, x in zip(layers, maps, strict=True):
        layer.to(memory_format=memory)(x)
        with torch.no_grad():
            layer(x)
        layer.requires_grad_(False)(x)
        layer(x.requires_grad_())
    expected = [False, False, True, True] if memory == torch.channels_last else []
    assert taken == expected


@pytest.fixture
def fast_ways(monkeypatch) -> None:
    """Take the fast ways however small the maps."""
    monkeypatch.setattr(subpixel, "LEAST_PLACES", 1)
    monkeypatch.setattr(winograd, "LEAST_WORK", dict.fromkeys(winograd.LEAST_WORK, 0))


def outcomes_of(layer: nn.Module, x: torch.Tensor, dtype: torch.dtype) -> list[torch.Tensor]:
    """The result and the gradients of the input and the parameters, in float32."""
    layer.zero_grad()
    taken = x.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        result = layer(taken).float()
    # All positive: the sum that is a bias's gradient must not cancel.
    weights = 1.5 + torch.arange(result.numel()).sin().view_as(result)
    (result * weights).sum().backward()
    return [result.detach(), taken.grad, *(weight.grad.clone() for weight in layer.parameters())]


PAIRS = st.one_of(
    st.just(((4, 4), (2, 2), (1, 1))),
    st.tuples(*[st.tuples(st.integers(low, high), st.integers(low, high))
                for low, high in ((1, 5), (1, 3), (0, 2))]),
)  # fmt: skip


@pytest.mark.usefixtures("fast_ways")
@settings(max_examples=150, deadline=None)
@given(
    pairs=PAIRS,
    dilation=st.sampled_from([(1, 1), (1, 1), (2, 1), (2, 2)]),
    groups=st.sampled_from([1, 1, 2]),
    channels=st.tuples(st.sampled_from([2, 4, 16]), st.sampled_from([2, 4, 16])),
    sides=st.tuples(st.integers(9, 19), st.integers(9, 19)),
    transposed=st.booleans(),
    bias=st.booleans(),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
    memory=st.sampled_from([torch.contiguous_format, torch.channels_last]),
)
def test_whatever_its_shape_a_layer_does_what_torchs_does(
    pairs, dilation, groups, channels, sides, transposed, bias, dtype, memory
) -> None:
    torch.manual_seed(0)
    ours, theirs = (ConvTranspose2d, nn.ConvTranspose2d) if transposed else (Conv2d, nn.Conv2d)
    kernel, stride, padding = pairs
    options = {"dilation": dilation, "groups": groups, "bias": bias}
    first = ours(*channels, kernel, stride, padding, **options).to(memory_format=memory)
    second = theirs(*channels, kernel, stride, padding, **options)
    second.load_state_dict(first.state_dict(), strict=True)
    x = torch.randn(3, channels[0], *sides)
    tolerance = 1e-5 if dtype == torch.float32 else 4e-2
    for one, other in zip(outcomes_of(first, x, dtype), outcomes_of(second, x, dtype), strict=True):
        size = other.abs().max().clamp_min(1e-6)
        torch.testing.assert_close(one / size, other / size, rtol=0, atol=tolerance)


@pytest.mark.usefixtures("fast_ways")
@pytest.mark.parametrize("side", [16, 17, 32, 33])
@pytest.mark.parametrize("channels", [3, 64])
def test_halving_images_of_odd_sides_is_right_with_all_gradients(side, channels) -> None:
    layer, plain = Conv2d(channels, 64, 4, 2, 1), nn.Conv2d(channels, 64, 4, 2, 1)
    layer.to(memory_format=torch.channels_last)
    plain.load_state_dict(layer.state_dict(), strict=True)
    x = torch.randn(16, channels, side, side)
    for one, other in zip(
        outcomes_of(layer, x, torch.float32), outcomes_of(plain, x, torch.float32), strict=True
    ):
        size = other.abs().max()
        torch.testing.assert_close(one / size, other / size, rtol=0, atol=1e-5)
