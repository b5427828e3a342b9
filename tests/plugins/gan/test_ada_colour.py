"""ADA's transformations of colours, against products of the published matrices."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torchvision.transforms.functional import adjust_saturation

from genzoo import BatchNoise
from genzoo_gan.adaptive.chance import Chance
from genzoo_gan.adaptive.colour import colour_matrices, random_colours, recolour

MANY = 20_000
AXIS = torch.full((3,), 1 / math.sqrt(3.0))


def column(value: float) -> Tensor:
    return torch.tensor([[value]])


def rotation(angle: float) -> Tensor:
    """Turn about the grey axis, as the exponential of its generator."""
    x, y, z = AXIS.tolist()
    generator = torch.tensor([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return torch.linalg.matrix_exp(angle * generator)


def test_the_closed_form_is_the_product_of_the_published_matrices() -> None:
    contrast, saturation, angle = 1.7, 0.4, 2.1
    outer = AXIS[:, None] * AXIS
    inversion = torch.eye(3) - 2 * outer
    saturate = outer + (torch.eye(3) - outer) * saturation
    expected = saturate @ rotation(angle) @ inversion @ (contrast * torch.eye(3))
    found = colour_matrices(column(-contrast), column(contrast * saturation), column(angle), 3)
    torch.testing.assert_close(found[0], expected)


def test_a_third_of_a_turn_permutes_the_channels() -> None:
    x = torch.rand(1, 3, 4, 4)
    matrices = colour_matrices(column(1.0), column(1.0), column(2 * math.pi / 3), 3)
    turned = recolour(x, matrices, torch.zeros(1, 1, 1), 0.0, 1.0)
    torch.testing.assert_close(turned, x[:, [2, 0, 1]])


def test_without_chroma_the_channels_are_their_mean() -> None:
    x = torch.rand(1, 3, 4, 4)
    matrices = colour_matrices(column(1.0), column(0.0), column(0.0), 3)
    grey = recolour(x, matrices, torch.zeros(1, 1, 1), 0.0, 1.0)
    torch.testing.assert_close(grey, x.mean(1, keepdim=True).expand_as(x))
    assert not torch.allclose(grey, adjust_saturation(x, 1.0))


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_luma_scales_about_the_middle_of_the_range(channels: int) -> None:
    x = torch.rand(2, channels, 4, 4)
    matrices = colour_matrices(column(-0.5), column(1.0), column(0.0), channels).repeat(2, 1, 1)
    found = recolour(x, matrices, torch.full((2, 1, 1), 0.4), 0.0, 1.0)
    mean = x.mean(1, keepdim=True)
    expected = x - mean + 0.5 - 0.5 * (mean - 0.5) + 0.4 / 2
    torch.testing.assert_close(found, expected)


def test_the_range_does_not_matter() -> None:
    x = torch.rand(50, 3, 4, 4)
    colours = random_colours(Chance(BatchNoise(50, 1), 0.9), 3)
    narrow = recolour(x, *colours, 0.0, 1.0)
    wide = recolour(x * 2 - 1, *colours, -1.0, 1.0)
    torch.testing.assert_close(wide, narrow * 2 - 1, atol=1e-5, rtol=1e-5)


def test_colours_are_distributed_as_published() -> None:
    matrices, added = random_colours(Chance(BatchNoise(MANY, 2), 1.0), 3)
    luma = matrices.sum(2)
    torch.testing.assert_close(luma[:, 0], luma[:, 1], atol=1e-4, rtol=1e-4)
    assert (luma[:, 0] < 0).float().mean().item() == pytest.approx(0.5, abs=0.015)
    assert luma[:, 0].abs().log2().std().item() == pytest.approx(0.5, abs=0.01)
    brightness = added[:, 0, 0] / luma[:, 0]
    assert brightness.std().item() == pytest.approx(0.2, abs=0.01)
    # Luma times the square of chroma is the determinant.
    chroma = (torch.linalg.det(matrices) / luma[:, 0]).sqrt()
    assert (chroma / luma[:, 0].abs()).log2().std().item() == pytest.approx(1.0, abs=0.02)
    hue = torch.acos(
        ((matrices.diagonal(dim1=1, dim2=2).sum(1) - luma[:, 0]) / chroma / 2).clamp(-1, 1)
    )
    assert hue.mean().item() == pytest.approx(math.pi / 2, abs=0.03)


@pytest.mark.parametrize("probability", [0.0, 0.3])
def test_each_change_happens_with_its_probability(probability: float) -> None:
    matrices, added = random_colours(Chance(BatchNoise(MANY, 3), probability), 1)
    assert (added != 0).float().mean().item() == pytest.approx(probability, abs=0.015)
    # Contrast, or an inversion alone, which is none half of the times.
    changed = 1 - (1 - probability) * (1 - probability / 2)
    assert ((matrices - 1).abs() > 1e-6).float().mean().item() == pytest.approx(changed, abs=0.015)
