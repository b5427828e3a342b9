"""Convolutions of a network are swapped in place, and stay what they are in all but speed."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

from genzoo.fast_convolutions import choose_algorithm
from genzoo.fast_convolutions.fast_layers import FastConv2d, FastConvTranspose2d
from genzoo.fast_convolutions.swap_layers import use_fast_convolutions


@pytest.fixture(autouse=True)
def _fast_however_small(monkeypatch) -> None:
    monkeypatch.setattr(choose_algorithm, "LEAST_SUBPIXEL_PLACES", 1)
    least = dict.fromkeys(choose_algorithm.LEAST_REUSE, 0)
    monkeypatch.setattr(choose_algorithm, "LEAST_REUSE", least)


class Doubled(nn.Conv2d):
    """Some convolution of somebody else's."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = [
        parametrizations.spectral_norm(nn.Conv2d(4, 8, 4, 2, 1)),
        nn.Sequential(nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(8, 8, 3, 1, 1, groups=2)),
        Doubled(8, 8, 4, 2, 1),
        nn.utils.spectral_norm(nn.ConvTranspose2d(8, 8, 4, 2, 1)),
        parametrizations.weight_norm(nn.ConvTranspose2d(8, 4, 4, 2, 1)),
    ]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def test_every_convolution_of_torch_is_swapped_and_no_subclass_is() -> None:
    swapped = network()
    use_fast_convolutions(swapped)
    fast = [isinstance(layer, FastConv2d | FastConvTranspose2d) for layer in swapped]
    assert fast == [True, False, False, True, True]
    assert type(swapped[1][1]) is FastConv2d
    assert type(swapped[2]) is Doubled
    again = [type(module) for module in swapped.modules()]
    use_fast_convolutions(swapped)
    assert [type(module) for module in swapped.modules()] == again


def test_a_swapped_network_keeps_its_state_and_learns_as_before() -> None:
    plain, swapped = network(), network()
    outcomes, seen = [], []
    swapped[0].register_forward_hook(lambda *_: seen.append(1))
    objects = [*swapped.modules(), *swapped.parameters(), *swapped.buffers()]
    use_fast_convolutions(swapped)
    now = [*swapped.modules(), *swapped.parameters(), *swapped.buffers()]
    assert all(one is other for one, other in zip(objects, now, strict=True))
    assert list(swapped.state_dict()) == list(plain.state_dict())
    for net in (plain, swapped):
        x = torch.linspace(-1, 1, 2 * 4 * 16 * 16).view(2, 4, 16, 16).requires_grad_()
        for _ in range(2):
            net(x).square().mean().backward()
        # Power iteration of spectral norm moves with every pass: one a pass, no more.
        outcomes.append([x.grad, *(p.grad for p in net.parameters()), *net.buffers()])
    assert len(seen) == 2
    for one, other in zip(*outcomes, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_a_copy_of_a_swapped_network_is_as_fast_and_on_its_own() -> None:
    swapped = network()
    use_fast_convolutions(swapped)
    twin = copy.deepcopy(swapped[:3])
    assert [type(one) for one in twin] == [type(one) for one in swapped[:3]]
    x = torch.randn(1, 4, 16, 16)
    twin.eval()
    expected = twin(x)
    with torch.no_grad():
        for parameter in swapped.parameters():
            parameter.zero_()
    torch.testing.assert_close(twin(x), expected)


def test_a_parametrisation_comes_off_a_swapped_layer() -> None:
    layer = parametrizations.spectral_norm(nn.Conv2d(4, 8, 4, 2, 1)).eval()
    expected = layer.weight.detach().clone()
    use_fast_convolutions(layer)
    assert parametrize.type_before_parametrizations(layer) is FastConv2d
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is FastConv2d
    torch.testing.assert_close(layer.weight.detach(), expected)


def test_a_parametrisation_goes_onto_a_swapped_layer() -> None:
    layer = nn.Conv2d(4, 8, 4, 2, 1)
    use_fast_convolutions(layer)
    parametrizations.spectral_norm(layer)
    assert isinstance(layer, FastConv2d)
    assert set(layer.state_dict()) > {"bias", "parametrizations.weight.original"}
