"""Resampling of r3gan's networks: the filter, written out value by value."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genzoo import SampleSpec
from genzoo_gan.configs import R3GANConfig
from genzoo_gan.r3gan import R3GAN
from genzoo_gan.residual import GAIN, Downsample, ResidualBlock, Upsample

WEIGHTS = {-1: 1 / 8, 0: 3 / 8, 1: 3 / 8, 2: 1 / 8}
"""Of the values about a pair whose first is at 0, for the one that stands for the pair."""


def images(side: int = 8) -> Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))


def halved(line: Tensor) -> Tensor:
    """Half as many values along the last axis, zeros beyond its ends."""
    count = line.shape[-1]
    made = [
        sum(
            w * line[..., 2 * at + place]
            for place, w in WEIGHTS.items()
            if 0 <= 2 * at + place < count
        )
        for at in range(count // 2)
    ]
    return torch.stack([torch.as_tensor(value) for value in made], dim=-1)


def doubled(line: Tensor) -> Tensor:
    """Each value added to those of twice as many that it has a share in."""
    count = line.shape[-1]
    made = torch.zeros(*line.shape[:-1], 2 * count)
    for at in range(count):
        for place, weight in WEIGHTS.items():
            if 0 <= 2 * at + place < 2 * count:
                made[..., 2 * at + place] += 2 * weight * line[..., at]
    return made


def both_ways(along: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return along(along(x).transpose(2, 3)).transpose(2, 3)


@pytest.mark.parametrize(("kind", "along"), [(Downsample, halved), (Upsample, doubled)])
def test_each_value_is_the_published_mean(
    kind: type[nn.Module], along: Callable[[Tensor], Tensor]
) -> None:
    torch.testing.assert_close(kind(3, 3)(images()), both_ways(along, images()))


def test_what_half_the_size_cannot_show_is_taken_out() -> None:
    """At 3/4 of the highest frequency the mean of pairs lets 38 % pass, the filter 6 %."""
    wave = torch.cos(0.75 * math.pi * (torch.arange(64) - 0.5))
    x = wave.expand(1, 1, 64, 64)
    kept = Downsample(1, 1)(x)[..., 4:-4, 4:-4].abs().amax().item()
    assert kept == pytest.approx(math.cos(0.375 * math.pi) ** 3, abs=0.01)
    assert F.avg_pool2d(x, 2).abs().amax() > 0.3


def test_twice_the_size_is_bilinear_but_for_the_border() -> None:
    x = images()
    bilinear = F.interpolate(x, scale_factor=2.0, mode="bilinear")
    made = Upsample(3, 3)(x)
    torch.testing.assert_close(made[..., 1:-1, 1:-1], bilinear[..., 1:-1, 1:-1])
    torch.testing.assert_close(made[..., 0, 1:-1], 0.75 * bilinear[..., 0, 1:-1])


def test_a_plain_image_stays_as_bright() -> None:
    plain = torch.full((1, 2, 16, 16), 0.7)
    for kind in (Downsample, Upsample):
        inner = kind(2, 2)(plain)[..., 1:-1, 1:-1]
        torch.testing.assert_close(inner, torch.full_like(inner, 0.7))


def test_channels_change_before_doubling_and_after_halving() -> None:
    seen: list[torch.Size] = []
    for kind in (Downsample, Upsample):
        layer = kind(3, 5)
        layer.convert.register_forward_hook(lambda _, args, out: seen.append(args[0].shape))
        layer(images())
    assert [shape[2] for shape in seen] == [4, 8]


def test_penalties_can_differentiate_it_twice() -> None:
    x = images(4).double().requires_grad_()
    layer = Downsample(3, 3)
    assert torch.autograd.gradgradcheck(lambda x: layer(x).square(), (x,), fast_mode=True)


@pytest.mark.parametrize("kind", [Downsample, Upsample])
def test_the_filter_is_no_state_and_follows_the_type(kind: type[nn.Module]) -> None:
    assert list(kind(3, 5).state_dict()) == ["convert.weight"]
    assert not kind(3, 3).state_dict()
    assert kind(3, 3)(images().bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize(("side", "blocks"), [(16, 1), (32, 3)])
def test_blocks_are_scaled_by_how_many_the_whole_network_has(side: int, blocks: int) -> None:
    """Zhang et al. 2019: by L^(-1/4) in each of two layers, a third one being zero at first."""
    config = R3GANConfig(latent_dim=4, width=16, blocks=blocks, cardinality=2)
    stages = {16: 3, 32: 4}[side]
    for part in R3GAN(config, SampleSpec(shape=(3, side, side))).build().values():
        found = [module for module in part.modules() if isinstance(module, ResidualBlock)]
        assert len(found) == stages * blocks
        for block in found:
            assert not block.narrow.weight.any()
        for name in ("widen", "mix"):
            weights = [getattr(block, name).weight.detach() for block in found]
            # Each to the variance 1 by what comes in, then all together.
            scaled = torch.cat([(w * w[0].numel() ** 0.5).flatten() for w in weights])
            assert float(scaled.std()) == pytest.approx(GAIN * len(found) ** -0.25, rel=0.03)
