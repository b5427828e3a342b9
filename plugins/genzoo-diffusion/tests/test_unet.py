"""The denoiser: shapes, and what its output depends on."""

from __future__ import annotations

import math

import pytest
import torch

from gaussian import normal
from genzoo_diffusion.conditioning import NO_CLASS, FiLM, sinusoids
from genzoo_diffusion.unet import UNet, level_widths


def unet(side=16, channels=1, patch=2, classes=3, blocks=1):
    torch.manual_seed(0)
    return UNet(
        shape=(channels, side, side),
        width=8,
        blocks=blocks,
        patch=patch,
        latest=100,
        classes=classes,
    ).eval()


def images(count, channels=1, side=16):
    return normal(count, channels, side, side, seed=1).float()


@pytest.mark.parametrize("side", [16, 32, 64])
@pytest.mark.parametrize("patch", [1, 2, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_velocities_have_the_images_shape(side, patch, channels):
    network = unet(side, channels, patch)
    x = images(2, channels, side)
    assert network(x, torch.tensor([1, 100])).shape == x.shape


def test_levels_end_at_four_points():
    assert level_widths((4, 4), 8) == [8]
    assert level_widths((8, 8), 8) == [8, 16]
    assert level_widths((32, 32), 8) == [8, 16, 16, 16]
    assert level_widths((24, 64), 8) == [8, 16, 16]


@pytest.mark.parametrize("blocks", [1, 3])
def test_every_parameter_gets_a_gradient(blocks):
    network = unet(blocks=blocks)
    # At first the attention adds nothing, and so nothing before its end has a gradient.
    torch.nn.init.normal_(network.attend.attention.leave.weight)
    network(images(4), torch.tensor([1, 30, 60, 100]), torch.tensor([0, 1, 2, -1])).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_output_depends_on_time_and_class_row_by_row():
    network = unet()
    x = images(1).expand(4, -1, -1, -1)
    out = network(x, torch.tensor([10, 10, 90, 10]), torch.tensor([0, 1, 0, 0]))
    torch.testing.assert_close(out[3], out[0])
    assert (out[1] - out[0]).abs().max() > 1e-3
    assert (out[2] - out[0]).abs().max() > 1e-3


def test_untold_class_is_a_class_of_its_own():
    network = unet()
    x, t = images(3), torch.tensor([10, 20, 30])
    untold = network(x, t)
    assert torch.equal(network(x, t, torch.full((3,), NO_CLASS)), untold)
    for label in range(3):
        told = network(x, t, torch.full((3,), label))
        assert (told - untold).abs().max() > 1e-3


def test_precision_of_the_images_is_kept():
    network = unet()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = network(images(2), torch.tensor([1, 2]))
    assert out.dtype == torch.float32


def test_sinusoids_are_the_papers():
    rows = sinusoids(torch.tensor([0, 7]), 6)
    assert torch.equal(rows[0], torch.tensor([0.0, 0, 0, 1, 1, 1]))
    angles = [7 / 10_000 ** (2 * i / 6) for i in range(3)]
    expected = [*map(math.sin, angles), *map(math.cos, angles)]
    torch.testing.assert_close(rows[1], torch.tensor(expected))


def test_film_scales_and_shifts_each_channel():
    film = FiLM(2, 3)
    with torch.no_grad():
        film.project[1].weight.zero_()
        film.project[1].bias.copy_(torch.tensor([0.0, 1, 2, 10, 20, 30]))
        out = film(torch.ones(1, 3, 2, 2), torch.zeros(1, 2))
    assert out[0, :, 0, 0].tolist() == [11.0, 22.0, 33.0]
