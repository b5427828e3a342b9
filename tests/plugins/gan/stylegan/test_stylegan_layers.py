"""The pieces of style-based networks, against their formulas written out."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from genzoo import BatchNoise, SampleSpec, SpecError
from genzoo_gan.stylegan.configs import StyleGAN2Config
from genzoo_gan.stylegan.discriminator import with_deviation
from genzoo_gan.stylegan.filters import design_lowpass
from genzoo_gan.stylegan.in_pieces import in_pieces
from genzoo_gan.stylegan.layers import downsample, lowpass, upsample
from genzoo_gan.stylegan.modulated import StyledConv
from genzoo_gan.stylegan.resolutions import levels
from genzoo_gan.stylegan.stylegan2 import StyleGAN2

LINE = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
PLANE = LINE[:, None] * LINE


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def filtered(x: Tensor, padding: tuple[int, int, int, int], gain: float = 1.0) -> Tensor:
    """Each channel padded with zeros and filtered with the whole plane."""
    channels = F.pad(x, padding).flatten(0, 1)[:, None]
    return (F.conv2d(channels, gain * PLANE[None, None])[:, 0]).unflatten(0, x.shape[:2])


def stretched(x: Tensor) -> Tensor:
    """Zeros behind every value, in both directions."""
    made = x.new_zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
    made[:, :, ::2, ::2] = x
    return made


def test_resampling_filters_and_takes_or_spreads_values() -> None:
    x = torch.randn(2, 3, 6, 8)
    torch.testing.assert_close(lowpass(x, 1), filtered(x, (1, 1, 1, 1)))
    torch.testing.assert_close(downsample(x), filtered(x, (1, 1, 1, 1))[:, :, ::2, ::2])
    torch.testing.assert_close(upsample(x), filtered(stretched(x), (2, 1, 2, 1), gain=4.0))


@pytest.mark.parametrize("up", [False, True])
def test_modulation_is_the_convolution_with_weights_of_each_sample(up: bool) -> None:
    """Karras et al. 2020, equations 1 and 3, then noise, bias and leaky ReLU."""
    layer = StyledConv(4, 5, (12, 12) if up else (6, 6), 7, up=up)
    with torch.no_grad():
        layer.bias.normal_()
        layer.noise_strength.fill_(0.3)
    x, style = torch.randn(3, 4, 6, 6), torch.randn(3, 7)
    scale = layer.affine(style)
    expected = []
    for row, factors in zip(x, scale, strict=True):
        weight = layer.weight * factors[None, :, None, None]
        weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        if up:
            # The true convolution of what was stretched, whose kernel is turned round.
            made = F.conv2d(stretched(row[None]), weight.flip(2, 3), padding=2)
            made = filtered(made, (1, 0, 1, 0), gain=4.0)
        else:
            made = F.conv2d(row[None], weight, padding=1)
        made = made + 0.3 * layer.noise_const + layer.bias[:, None, None]
        expected.append(F.leaky_relu(made, 0.2) * math.sqrt(2))
    torch.testing.assert_close(layer(x, style), torch.cat(expected), atol=1e-5, rtol=1e-5)


def test_random_noise_is_that_of_the_stream() -> None:
    layer = StyledConv(4, 5, (6, 6), 7)
    with torch.no_grad():
        layer.noise_strength.fill_(1.0)
    x, style = torch.randn(3, 4, 6, 6), torch.randn(3, 7)
    with torch.no_grad():
        layer.bias.fill_(100.0)  # No value is negative.
        plain = layer(x, style) - math.sqrt(2) * layer.noise_const
    noisy = layer(x, style, BatchNoise(3, 5))
    drawn = BatchNoise(3, 5).normal(1, 6, 6)
    expected = (math.sqrt(2) * drawn).expand_as(noisy)
    torch.testing.assert_close(noisy - plain, expected, atol=1e-4, rtol=1e-4)


def test_deviation_is_of_each_group_of_the_batch() -> None:
    x = torch.randn(6, 2, 3, 3)
    made = with_deviation(x, 4)  # Four does not divide six: groups of three.
    for first in (0, 3):
        rows = x[first : first + 3]
        deviation = (rows.var(0, correction=0) + 1e-8).sqrt().mean()
        torch.testing.assert_close(made[first : first + 3, 2], deviation.expand(3, 3, 3))
    torch.testing.assert_close(made[:, :2], x)


def test_filters_pass_low_frequencies_and_stop_high_ones() -> None:
    for radial in (False, True):
        kernel = design_lowpass(24, 4.0, 4.0, 32.0, radial=radial)
        line = kernel.sum(0) if radial else kernel
        assert kernel.sum().item() == pytest.approx(1.0, abs=1e-6)
        torch.testing.assert_close(line, line.flip(0))
        response = torch.fft.rfft(line, 320).abs()  # A tenth of a period each.
        assert response[:20].min() > 0.9
        assert response[70:].max() < 0.05


def test_sizes_are_a_small_one_doubled() -> None:
    found = levels((3, 48, 80), 256, 24)
    assert [(level.height, level.width) for level in found] == [
        (6, 10),
        (12, 20),
        (24, 40),
        (48, 80),
    ]
    assert [level.channels for level in found] == [24, 24, 16, 8]


@pytest.mark.parametrize("shape", [(3, 48, 32), (4, 32, 32), (1, 28, 28)])
def test_images_of_other_shapes_are_made_and_judged(shape: tuple[int, int, int]) -> None:
    config = StyleGAN2Config(latent_dim=4, style_dim=4, channel_base=32, channel_max=4)
    parts = StyleGAN2(config, SampleSpec(shape=shape)).build()
    made = parts["generator"](torch.randn(2, 4))
    assert made.shape == (2, *shape)
    assert parts["discriminator"](made).shape == (2,)


@pytest.mark.parametrize("side", [4, 37, 4096])
def test_sides_that_cannot_be_doubled_to_are_refused(side: int) -> None:
    with pytest.raises(SpecError, match="cannot model images of"):
        StyleGAN2(StyleGAN2Config(), SampleSpec(shape=(3, side, side)))


def test_pieces_give_what_the_whole_gives() -> None:
    seen: list[int] = []

    def run(rows: Tensor) -> Tensor:
        seen.append(len(rows))
        return 2 * rows

    rows = torch.randn(5, 3)
    with torch.no_grad():
        torch.testing.assert_close(in_pieces(run, rows, 1 << 22), 2 * rows)
    assert seen == [2, 2, 1]
    in_pieces(run, rows, 1 << 22)
    assert seen[3:] == [5]
