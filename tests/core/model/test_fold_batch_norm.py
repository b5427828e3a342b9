"""Batch normalisation folded into convolutions."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from genzoo import fold_batch_norm
from genzoo.fast_convolutions.fast_layers import FastConv2d, FastConvTranspose2d


def settled(network: nn.Module) -> nn.Module:
    """With statistics and scales as after training, in evaluation mode."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            if module.affine:
                nn.init.uniform_(module.weight, 0.5, 2)
                nn.init.normal_(module.bias)
    return network.eval()


def norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


STACKS = {
    "convolution": [nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU()],
    "transposed": [nn.ConvTranspose2d(3, 6, 4, 2, 1, bias=False), nn.BatchNorm2d(6), nn.Tanh()],
    "fast layers": [
        FastConv2d(3, 8, 4, 2, 1),
        nn.BatchNorm2d(8),
        FastConvTranspose2d(8, 4, 4, 2, 1),
        nn.BatchNorm2d(4, affine=False),
    ],
    "groups": [nn.Conv2d(3, 6, 3, groups=3), nn.BatchNorm2d(6)],
    "nested": [nn.Sequential(nn.Conv2d(3, 6, 1), nn.BatchNorm2d(6)), nn.ReLU()],
}


@pytest.mark.parametrize("name", STACKS)
@torch.no_grad()
def test_it_computes_the_same_without_normalisation(name) -> None:
    network = settled(nn.Sequential(*STACKS[name]))
    twin = fold_batch_norm(network)
    assert norms(twin) == 0
    x = torch.randn(4, 3, 9, 9)
    torch.testing.assert_close(twin(x), network(x), rtol=1e-5, atol=1e-5)


def test_the_network_stays_as_it_is() -> None:
    network = settled(nn.Sequential(*STACKS["fast layers"], nn.Conv2d(4, 1, 1)))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    modules = list(network.modules())
    twin = fold_batch_norm(network)
    assert list(network.modules()) == modules
    assert network.state_dict().keys() == before.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert twin[-1].weight is network[-1].weight


class Hooked(nn.Conv2d):
    """Some convolution of somebody else's."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


def _shared() -> list[nn.Module]:
    norm = nn.BatchNorm2d(3)
    return [nn.Conv2d(3, 3, 1), norm, nn.Conv2d(3, 3, 1), norm]


def _watched() -> list[nn.Module]:
    layer = nn.Conv2d(3, 3, 1)
    layer.register_forward_hook(lambda *_: None)
    return [layer, nn.BatchNorm2d(3)]


@pytest.mark.parametrize(
    "layers",
    [
        [nn.BatchNorm2d(3), nn.Conv2d(3, 3, 1)],
        [nn.Conv2d(3, 3, 1), nn.ReLU(), nn.BatchNorm2d(3)],
        [nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3, track_running_stats=False)],
        [Hooked(3, 3, 1), nn.BatchNorm2d(3)],
        [weight_norm(nn.Conv2d(3, 3, 1)), nn.BatchNorm2d(3)],
        [nn.ConvTranspose2d(4, 4, 3, groups=2), nn.BatchNorm2d(4)],
        _shared(),
        _watched(),
    ],
    ids=["before", "apart", "batch", "subclass", "parametrised", "groups", "shared", "hooked"],
)
def test_what_cannot_be_folded_is_left_alone(layers) -> None:
    network = settled(nn.Sequential(*layers))
    assert fold_batch_norm(network) is network


def test_under_autocast_weights_are_cast_once() -> None:
    network = settled(nn.Sequential(*STACKS["fast layers"]))
    with torch.autocast("cpu", torch.bfloat16):
        twin = fold_batch_norm(network)
    assert twin[0].weight.dtype == twin[2].bias.dtype == torch.bfloat16
    assert twin[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert network[0].weight.dtype == torch.float32


def kept_of(layer: nn.Module) -> list[Tensor]:
    return list(vars(layer).get("_transformed_weights", {}).values())


@torch.no_grad()
def test_kernels_of_minimal_filtering_are_made_once() -> None:
    layers = [FastConvTranspose2d(256, 128, 4, 2, 1, bias=False), nn.BatchNorm2d(128)]
    network = settled(nn.Sequential(*layers)).to(memory_format=torch.channels_last)
    x = torch.randn(64, 256, 8, 8).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        twin = fold_batch_norm(network)
        twin(torch.randn_like(x))
        (kernel,) = kept_of(twin[0])
        result = twin(x)
    assert [each is kernel for each in kept_of(twin[0])] == [True]
    assert kept_of(network[0]) == []
    expected = network(x)
    error = (result.float() - expected).square().mean() / expected.square().mean()
    assert error.sqrt() < 0.012
