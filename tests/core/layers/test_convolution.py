"""Convolutions that are torch's in all but speed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from genzoo import Conv2d, ConvTranspose2d
from genzoo.layers import convolution


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
