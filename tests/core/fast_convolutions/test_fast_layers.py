"""Layers that are torch's in all but speed."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.autograd import forward_ad
from torch.func import functional_call
from torch.utils.checkpoint import checkpoint

from genzoo.fast_convolutions import choose_algorithm, fast_layers
from genzoo.fast_convolutions.autograd_functions import convolve
from genzoo.fast_convolutions.fast_layers import FastConv2d, FastConvTranspose2d
from genzoo.fast_convolutions.shared_weights import transform_weights_once


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


LAYERS = {
    "product": (FastConv2d(8, 16, 4, 2, 1), nn.Conv2d(8, 16, 4, 2, 1), (2, 8, 8, 8)),
    "one pixel at a time": (FastConv2d(8, 16, 3, 1, 1), nn.Conv2d(8, 16, 3, 1, 1), (2, 8, 4, 4)),
    "three channels": (FastConv2d(3, 8, 4, 2, 1), nn.Conv2d(3, 8, 4, 2, 1), (32, 3, 32, 32)),
    "oblong": (FastConv2d(4, 8, (3, 5), (2, 1), (0, 2)), nn.Conv2d(4, 8, (3, 5), (2, 1), (0, 2)),
               (2, 4, 9, 4)),
    "transposed product": (
        FastConvTranspose2d(16, 8, 4, 2, 1), nn.ConvTranspose2d(16, 8, 4, 2, 1), (2, 16, 4, 4)
    ),
    "to three channels": (
        FastConvTranspose2d(8, 3, 4, 2, 1), nn.ConvTranspose2d(8, 3, 4, 2, 1), (32, 8, 16, 16)
    ),
    "groups": (
        FastConv2d(8, 8, 4, 2, 1, groups=2), nn.Conv2d(8, 8, 4, 2, 1, groups=2), (2, 8, 8, 8)
    ),
    "same": (
        FastConv2d(8, 8, 3, padding="same"), nn.Conv2d(8, 8, 3, padding="same"), (2, 8, 4, 4)
    ),
    "output padding": (
        FastConvTranspose2d(8, 8, 3, 2, 1, output_padding=1),
        nn.ConvTranspose2d(8, 8, 3, 2, 1, output_padding=1),
        (2, 8, 4, 4),
    ),
    "squares": (
        FastConv2d(128, 256, 4, 2, 1), nn.Conv2d(128, 256, 4, 2, 1), (64, 128, 8, 8)
    ),
    "transposed squares": (
        FastConvTranspose2d(256, 128, 4, 2, 1),
        nn.ConvTranspose2d(256, 128, 4, 2, 1),
        (64, 256, 4, 4),
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
    for layer in (FastConv2d(4, 8, 4, 2, 1, bias=False), nn.Conv2d(4, 8, 4, 2, 1, bias=False)):
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
    assert FastConvTranspose2d(4, 3, 4, 2, 1)(torch.empty(0, 4, 8, 8)).shape == (0, 3, 16, 16)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_squares_are_taken_in_training_by_weights_with_channels_last(memory, monkeypatch) -> None:
    taken = []
    monkeypatch.setattr(choose_algorithm, "Winograd", lambda transposed: taken.append(transposed))
    monkeypatch.setattr(fast_layers, "convolve", lambda x, *_: x)
    layers = FastConv2d(128, 256, 4, 2, 1), FastConvTranspose2d(256, 128, 4, 2, 1)
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
def fast_however_small(monkeypatch) -> None:
    """Take the faster algorithms however small the maps."""
    monkeypatch.setattr(choose_algorithm, "LEAST_SUBPIXEL_PLACES", 1)
    least = dict.fromkeys(choose_algorithm.LEAST_REUSE, 0)
    monkeypatch.setattr(choose_algorithm, "LEAST_REUSE", least)


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


@pytest.mark.usefixtures("fast_however_small")
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
    ours, theirs = (
        (FastConvTranspose2d, nn.ConvTranspose2d) if transposed else (FastConv2d, nn.Conv2d)
    )
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


@pytest.mark.usefixtures("fast_however_small")
@pytest.mark.parametrize("side", [16, 17, 32, 33])
@pytest.mark.parametrize("channels", [3, 64])
def test_halving_images_of_odd_sides_is_right_with_all_gradients(side, channels) -> None:
    layer, plain = FastConv2d(channels, 64, 4, 2, 1), nn.Conv2d(channels, 64, 4, 2, 1)
    layer.to(memory_format=torch.channels_last)
    plain.load_state_dict(layer.state_dict(), strict=True)
    x = torch.randn(16, channels, side, side)
    for one, other in zip(
        outcomes_of(layer, x, torch.float32), outcomes_of(plain, x, torch.float32), strict=True
    ):
        size = other.abs().max()
        torch.testing.assert_close(one / size, other / size, rtol=0, atol=1e-5)


@pytest.fixture
def calls(monkeypatch) -> list[object]:
    """The algorithms that layers took."""
    taken: list[object] = []

    def noted(x, weight, bias, algorithm):
        taken.append(algorithm)
        return convolve(x, weight, bias, algorithm)

    monkeypatch.setattr(fast_layers, "convolve", noted)
    return taken


def halving(channels: int = 4) -> FastConv2d:
    return FastConv2d(channels, 4, 4, 2, 1).to(memory_format=torch.channels_last)


# torch warns of its own use of torch.jit.
@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.usefixtures("fast_however_small")
def test_transforms_of_functions_and_tangents_are_computed_by_torch(calls) -> None:
    layer, x = halving(), torch.randn(2, 4, 8, 8)
    plain = nn.Conv2d(4, 4, 4, 2, 1)
    plain.load_state_dict(layer.state_dict())
    for one, other in zip(
        torch.func.jvp(layer, (x,), (x,)), torch.func.jvp(plain, (x,), (x,)), strict=True
    ):
        torch.testing.assert_close(one, other)
    gradients = [
        torch.func.grad(lambda weights, net=net: functional_call(net, weights, x).sum())(
            dict(net.named_parameters())
        )
        for net in (layer, plain)
    ]
    torch.testing.assert_close(*gradients)
    torch.testing.assert_close(
        torch.func.vmap(layer)(x[:, None]), torch.func.vmap(plain)(x[:, None])
    )
    with forward_ad.dual_level():
        tangents = [
            forward_ad.unpack_dual(net(forward_ad.make_dual(x, x))).tangent
            for net in (layer, plain)
        ]
    torch.testing.assert_close(*tangents)
    assert calls == []


@pytest.mark.usefixtures("fast_however_small")
def test_a_batch_of_gradients_is_that_of_torch(calls) -> None:
    layer, x = halving(), torch.randn(2, 4, 8, 8, requires_grad=True)
    plain = nn.Conv2d(4, 4, 4, 2, 1)
    plain.load_state_dict(layer.state_dict())
    upstream = torch.randn(3, 2, 4, 4, 4)
    found = [
        torch.autograd.grad(net(x), (x, net.weight), upstream, is_grads_batched=True)
        for net in (layer, plain)
    ]
    torch.testing.assert_close(*found)
    assert len(calls) == 1


# torch warns of its own use of torch.jit.
@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.usefixtures("fast_however_small")
def test_compilers_and_tracers_see_operations_of_torch_alone(calls) -> None:
    layer, x = halving(), torch.randn(2, 4, 8, 8)
    expected = nn.functional.conv2d(x, layer.weight, layer.bias, 2, 1)
    torch.testing.assert_close(torch.jit.trace(layer, x)(x), expected)
    torch.testing.assert_close(torch.fx.symbolic_trace(nn.Sequential(layer))(x), expected)
    torch.testing.assert_close(torch.export.export(layer, (x,)).module()(x), expected)
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), expected)
    assert calls == []


@pytest.mark.usefixtures("fast_however_small")
def test_a_recomputed_pass_has_the_same_gradients(calls) -> None:
    layer = halving()
    found = []
    for run in (layer, lambda x: checkpoint(layer, x, use_reentrant=False)):
        x = torch.ones(2, 4, 8, 8, requires_grad=True)
        with transform_weights_once():
            loss = run(x).square().sum()
        found.append(torch.autograd.grad(loss, (x, layer.weight)))
    torch.testing.assert_close(*found)
    assert len(calls) == 3


@pytest.mark.usefixtures("fast_however_small")
@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (4, 8), (2, 4, 1, 1)])
def test_what_torch_refuses_is_refused_in_torchs_words(shape) -> None:
    messages = []
    for layer in (halving(), nn.Conv2d(4, 4, 4, 2, 1)):
        with pytest.raises(RuntimeError) as refusal:
            layer(torch.randn(shape))
        messages.append(str(refusal.value))
    assert messages[0] == messages[1]


@pytest.mark.usefixtures("fast_however_small")
@pytest.mark.parametrize("given", [torch.bfloat16, torch.float64, torch.float16])
def test_precisions_are_mixed_only_where_torch_mixes_them(given) -> None:
    layer, x = halving(), torch.randn(2, 4, 8, 8, dtype=given)
    with pytest.raises(RuntimeError):
        layer(x)
    plain = nn.Conv2d(4, 4, 4, 2, 1)
    if given == torch.float64:
        assert layer.double()(x).dtype == given
    else:
        with torch.autocast("cpu", torch.bfloat16):
            assert layer(x).dtype == plain(x).dtype == torch.bfloat16


@pytest.mark.usefixtures("fast_however_small")
@pytest.mark.parametrize("last", [False, True])
def test_results_lie_in_memory_as_torchs_do(last) -> None:
    layout = torch.channels_last if last else torch.contiguous_format
    pairs = (
        (FastConvTranspose2d(8, 3, 4, 2, 1), nn.ConvTranspose2d(8, 3, 4, 2, 1)),
        (FastConv2d(8, 3, 4, 2, 1), nn.Conv2d(8, 3, 4, 2, 1)),
    )
    for ours, theirs in pairs:
        x = torch.randn(2, 8, 8, 8)
        layers = ours.to(memory_format=layout), theirs.to(memory_format=layout)
        assert layers[0](x).stride() == layers[1](x).stride()
