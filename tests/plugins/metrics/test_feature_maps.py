"""EfficientNet-Lite0 for losses: the maps of the published network, and right gradients."""

from itertools import accumulate

import pytest
import torch

import genzoo
from genzoo import SpecError
from genzoo_metrics.efficientnet_lite import LITE0, LITE2, pretrained
from genzoo_metrics.feature_maps import CENTRE, SCALE, DepthwiseConv2d, _FrozenDepthwise


@pytest.fixture(scope="module")
def network():
    return genzoo.feature_network("efficientnet-lite0")


def images(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def reference(x, variant=LITE0):
    """Each stage's output, by the published network as it is, normalisation and all."""
    layers = dict(pretrained(variant).eval().named_children())
    h = x * SCALE + CENTRE
    for name in ("conv_stem_padding", "conv_stem", "bn0", "conv_stem_activation"):
        h = layers[name](h)
    ends, found = list(accumulate(stage[0] for stage in variant.stages())), []
    for number, block in enumerate(layers["blocks"], 1):
        h = block(h)
        found += [h] * (number in ends)
    return found


def test_it_is_known_by_its_full_name_and_the_hash_of_its_weights(network):
    assert network.full_name == "genzoo/efficientnet-lite0"
    assert network.hash == f"sha256:{LITE0.sha256}"


def test_by_default_it_is_the_preferred_network_that_is_installed(network):
    assert genzoo.feature_network().full_name == network.full_name


@pytest.mark.parametrize("side", [64, 45])
def test_maps_are_those_of_the_published_network(network, side):
    x = images(2, 3, side, side)
    with torch.no_grad():
        maps, expected = network(x), reference(x)
    assert len(maps) == 7
    for name, ours, theirs in zip(network.channels, maps, expected, strict=True):
        assert ours.shape == theirs.shape
        assert ours.shape[1] == network.channels[name]
        assert ours.shape[2] == side // network.strides[name]
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def test_wider_and_deeper_variants_have_maps_too():
    x = images(1, 3, 32, 32)
    with torch.no_grad():
        maps, expected = genzoo.feature_network("efficientnet-lite2")(x), reference(x, LITE2)
    for ours, theirs in zip(maps, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def test_its_coordinates_are_those_that_the_metric_shows_the_network():
    stored = torch.tensor([0.0, 127.0, 255.0])
    torch.testing.assert_close((stored / 127.5 - 1) * SCALE + CENTRE, (stored - 127) / 128)


def test_taps_come_in_the_order_asked_for(network):
    x = images(1, 3, 32, 32)
    coarse, fine = network(x, taps=("stage5", "stage2"))
    assert torch.equal(fine, network(x)[1])
    assert torch.equal(coarse, network(x)[4])


def test_gradients_flow_to_the_images_and_not_to_the_weights(network):
    x = images(2, 3, 40, 64).requires_grad_()
    loss = sum(one.square().mean() for one in network(x))
    loss.backward()
    y = x.detach().clone().requires_grad_()
    sum(one.square().mean() for one in reference(y)).backward()
    torch.testing.assert_close(x.grad, y.grad, rtol=1e-2, atol=1e-5)
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_a_gradient_in_bfloat16_points_where_that_in_float32_does(network):
    gradients = []
    for enabled in (False, True):
        x = images(2, 3, 48, 48).requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            maps = network(x)
        sum(one.float().square().mean() for one in maps).backward()
        gradients.append(x.grad.flatten())
    assert torch.cosine_similarity(*gradients, dim=0) > 0.95


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(3, 1, 1), (5, 1, 2), (3, 2, 0), (5, 2, 1)]
)
def test_the_quick_backward_pass_of_depthwise_convolutions_is_exact_twice(kernel, stride, padding):
    torch.manual_seed(0)
    layer = DepthwiseConv2d(2, 2, kernel, stride, padding, groups=2).double().requires_grad_(False)
    x = torch.randn(1, 2, 8, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: _FrozenDepthwise.apply(x, layer), (x,))
    assert torch.autograd.gradgradcheck(lambda x: _FrozenDepthwise.apply(x, layer), (x,))


def test_grey_images_are_repeated(network):
    grey = images(1, 1, 32, 32)
    for one, other in zip(network(grey), network(grey.expand(-1, 3, -1, -1)), strict=True):
        torch.testing.assert_close(one, other)


def test_training_mode_changes_nothing(network):
    x = images(1, 3, 32, 32)
    assert torch.equal(network.train()(x)[6], network.eval()(x)[6])


@pytest.mark.parametrize(
    ("x", "taps", "message"),
    [
        (images(1, 2, 32, 32), None, "1 or 3 channels, and these have 2"),
        (images(1, 3, 16, 32), None, "32x16 pixels leave nothing of the map 'stage6'"),
        (images(1, 3, 32, 32), ("stage9",), "no map 'stage9'"),
    ],
)
def test_what_it_cannot_take_is_refused(network, x, taps, message):
    with pytest.raises(SpecError, match=message):
        network(x, taps)


def test_images_too_small_for_coarse_maps_have_fine_ones(network):
    assert network(images(1, 3, 8, 8), taps=("stage2",))[0].shape == (1, 24, 2, 2)
