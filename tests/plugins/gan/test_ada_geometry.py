"""ADA's transformations of places, against exact cases, torchvision and their distributions."""

from __future__ import annotations

import math
from functools import reduce

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import affine

from genzoo import BatchNoise
from genzoo_gan.adaptive import geometry
from genzoo_gan.adaptive.chance import Chance
from genzoo_gan.adaptive.geometry import random_places, warp

MANY = 20_000
SIDE = torch.tensor([16.0, 16.0])


def images(count: int = 3, height: int = 16, width: int = 16) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(0))


def turning(angle: float) -> Tensor:
    return geometry._turning(torch.tensor([[angle]]))


def shifting(x: float, y: float) -> Tensor:
    return geometry._shifting(torch.tensor([[x, y]]))


def stretching(x: float, y: float) -> Tensor:
    return geometry._stretching(torch.tensor([[x]]), torch.tensor([[y]]))


def draws(factors: str, probability: float) -> list[Tensor]:
    """Many draws of each factor of `_blits` or `_general`."""
    chance = Chance(BatchNoise(MANY, 1), probability)
    return list(getattr(geometry, factors)(chance, SIDE))


def test_nothing_is_exactly_nothing() -> None:
    assert torch.equal(warp(images(), torch.eye(3).repeat(3, 1, 1)), images())


def test_a_mirror_is_a_flip() -> None:
    places = stretching(-1.0, 1.0).repeat(3, 1, 1)
    assert torch.equal(warp(images(), places), images().flip(3))


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns_are_rot90(turns: int) -> None:
    places = turning(turns * math.pi / 2).round().repeat(3, 1, 1)
    assert torch.equal(warp(images(), places), images().rot90(turns, (2, 3)))


def test_shifts_by_whole_pixels_roll_what_stays_inside_and_mirror_the_rest() -> None:
    moved = warp(images(), shifting(-2.0, 3.0).repeat(3, 1, 1))
    rolled = images().roll((-3, 2), (2, 3))
    assert torch.equal(moved[:, :, :-3, 2:], rolled[:, :, :-3, 2:])
    assert torch.equal(moved[:, :, :-3, :2], images()[:, :, 3:, :2].flip(3))
    assert torch.equal(moved[:, :, -3:, 2:], images()[:, :, -3:, :-2].flip(2))


def test_each_image_has_a_map_of_its_own() -> None:
    places = torch.cat((torch.eye(3)[None], stretching(-1.0, 1.0), turning(math.pi).round()))
    x = images()
    expected = torch.stack((x[0], x[1].flip(2), x[2].flip(1, 2)))
    assert torch.equal(warp(x, places), expected)


@pytest.mark.parametrize(
    ("angle", "shift", "scale"),
    [(30.0, (0, 0), 1.0), (0.0, (0, 0), 1.3), (-75.0, (3, -2), 0.9), (10.0, (1, 2), 1.2)],
)
def test_the_middle_equals_torchvisions_affine(
    angle: float, shift: tuple[int, int], scale: float
) -> None:
    x = images(1, 32, 32)
    expected = affine(x, angle, list(shift), scale, [0.0], InterpolationMode.BILINEAR)
    # From the new image back to the old one: not shifted, not turned, not scaled.
    factors = (
        stretching(1 / scale, 1 / scale),
        turning(-math.radians(angle)),
        shifting(-shift[0], -shift[1]),
    )
    moved = warp(x, reduce(torch.matmul, factors))
    ones = torch.ones(1, 1, 32, 32)
    inside = affine(ones, angle, list(shift), scale, [0.0], InterpolationMode.BILINEAR) > 0.9999
    assert inside.float().mean() > 0.3
    torch.testing.assert_close(
        moved[inside.expand_as(moved)], expected[inside.expand_as(moved)], atol=2e-4, rtol=0
    )


@pytest.mark.parametrize(("height", "width"), [(16, 16), (12, 20), (15, 9)])
@pytest.mark.parametrize(
    "factors",
    [
        [shifting(0.5, 0.0)],
        [shifting(-1.25, 2.5)],
        [stretching(0.5, 0.8)],
        [turning(0.3), shifting(0.5, -0.5)],
        [stretching(0.7, 1.1), turning(-1.0), shifting(1.0, 0.5)],
    ],
)
def test_each_place_is_exact_to_a_fraction_of_a_pixel(
    factors: list[Tensor], height: int, width: int
) -> None:
    """Of an image whose values are its places, bilinear sampling makes no error."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x = torch.stack((columns, rows)).float()
    middle = torch.tensor([(width - 1) / 2, (height - 1) / 2])
    places = reduce(torch.matmul, factors)
    target = torch.cat((x.flatten(1) - middle[:, None], torch.ones(1, height * width)))
    expected = (places[0] @ target)[:2].view(2, height, width) + middle[:, None, None]
    last = torch.tensor([width - 1.0, height - 1.0])[:, None, None]
    inside = ((expected >= 0) & (expected <= last)).all(0)
    assert inside.float().mean() > 0.2
    moved = warp(x[None], places)[0]
    torch.testing.assert_close(moved[:, inside], expected[:, inside], atol=1e-4, rtol=0)


def test_gradients_are_those_of_torchs_sampling() -> None:
    places = random_places(Chance(BatchNoise(3, 2), 0.9), 16, 16)
    weights = images().flip(0)
    ours, theirs = (images().requires_grad_() for _ in range(2))
    (warp(ours, places) * weights).sum().backward()
    units = places[:, :2] * torch.tensor([[1.0, 1.0, 1 / 8], [1.0, 1.0, 1 / 8]])
    grid = F.affine_grid(units, [3, 3, 16, 16], align_corners=False)
    sampled = F.grid_sample(theirs, grid, padding_mode="reflection", align_corners=False)
    (sampled * weights).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-4, rtol=1e-4)


def test_the_gradient_has_a_gradient_as_penalties_need() -> None:
    """<warp(x), v> has a gradient that is linear in v; its product with u has warp(u) by v."""
    places = random_places(Chance(BatchNoise(3, 2), 0.9), 16, 16)
    x, v, u = images().requires_grad_(), images().flip(0).requires_grad_(), images().roll(3, 2)
    (first,) = torch.autograd.grad((warp(x, places) * v).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad((first * u).sum(), v)
    torch.testing.assert_close(second, warp(u, places))


def test_images_that_are_no_squares_keep_their_proportions() -> None:
    x = images(1, 16, 32)
    moved = warp(x, turning(math.pi / 2).round())
    assert moved.shape == x.shape
    torch.testing.assert_close(moved[:, :, :, 8:24], x[:, :, :, 8:24].rot90(1, (2, 3)))


def test_beyond_the_border_is_never_black() -> None:
    places = random_places(Chance(BatchNoise(64, 2), 0.9), 16, 16)
    ones = warp(torch.ones(64, 1, 16, 16), places)
    torch.testing.assert_close(ones, torch.ones_like(ones))


@pytest.mark.parametrize("probability", [0.25, 0.8])
def test_each_transformation_happens_with_its_probability(probability: float) -> None:
    each = 1 - math.sqrt(1 - probability)
    # Half of the mirrors, a quarter of the quarter turns change nothing, and neither do shifts
    # that round to (0, 0): a quarter of the width of [-2, 2] in both directions.
    blits = (probability / 2, probability * 3 / 4, probability * 15 / 16)
    general = (probability, each, probability, each, probability)
    for factors, expected in (("_blits", blits), ("_general", general)):
        for drawn, share in zip(draws(factors, probability), expected, strict=True):
            changed = (drawn != torch.eye(3)).flatten(1).any(1).float().mean().item()
            assert changed == pytest.approx(share, abs=0.015)


@pytest.mark.parametrize("probability", [0.3, 0.8, 0.95])
def test_no_change_stays_the_commonest_so_that_none_leaks(probability: float) -> None:
    """From samples of which most are upright, the generator can tell upright (appendix C)."""
    for drawn in draws("_blits", probability) + draws("_general", probability):
        kinds, counts = drawn.flatten(1).unique(dim=0, return_counts=True)
        (upright,) = (kinds == torch.eye(3).flatten()).all(1).nonzero()
        assert counts[upright] > 1.02 * counts[torch.arange(len(counts)) != upright].max()


def test_at_probability_zero_no_transformation_happens() -> None:
    assert torch.equal(
        random_places(Chance(BatchNoise(50, 3), 0.0), 16, 16), torch.eye(3).repeat(50, 1, 1)
    )


def test_blits_are_distributed_as_published() -> None:
    mirror, turn, shift = draws("_blits", 1.0)
    assert mirror[:, 0, 0].mean().abs() < 0.03
    assert torch.equal(mirror[:, 1, 1], torch.ones(MANY))
    counts = torch.unique(turn, dim=0, return_counts=True)[1]
    assert len(counts) == 4
    assert (counts / MANY - 0.25).abs().max() < 0.02
    assert set(shift[:, :2, 2].flatten().tolist()) == {-2.0, -1.0, 0.0, 1.0, 2.0}


def test_general_transformations_are_distributed_as_published() -> None:
    scale, turn, stretch, _, shift = draws("_general", 0.999)
    logarithm = scale[:, 0, 0].log2()
    assert torch.equal(scale[:, 0, 0], scale[:, 1, 1])
    assert logarithm.mean().abs() < 0.01
    assert logarithm.std().item() == pytest.approx(0.2, abs=0.01)
    torch.testing.assert_close(stretch[:, 0, 0] * stretch[:, 1, 1], torch.ones(MANY))
    assert stretch[:, 1, 1].log2().std().item() == pytest.approx(0.2, abs=0.01)
    angle = torch.atan2(turn[:, 1, 0], turn[:, 0, 0])
    turned = angle[angle != 0]
    assert turned.mean().abs() < 0.05
    assert turned.std().item() == pytest.approx(2 * math.pi / math.sqrt(12), abs=0.03)
    assert shift[:, :2, 2].std(0).tolist() == pytest.approx([2.0, 2.0], abs=0.1)
