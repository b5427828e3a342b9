"""Augmentation of images whose colours are multiplied by their alpha."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from genzoo import BatchNoise
from genzoo_gan.adaptive.ada import ScheduledAugment
from genzoo_gan.adaptive.chance import Chance
from genzoo_gan.adaptive.colour import random_colours, recolour, recolour_with_alpha
from genzoo_gan.adaptive.geometry import random_places
from genzoo_gan.configs import OPERATIONS
from genzoo_gan.diff_augment import DiffAugment


def clear(count: int) -> Tensor:
    """Wholly transparent images in [-1, 1]."""
    return torch.full((count, 4, 8, 12), -1.0)


def test_what_is_transparent_stays_so_and_has_no_colour() -> None:
    x = clear(16)
    for name in OPERATIONS:
        out = DiffAugment((name,), 2.0, -1.0)(x, BatchNoise(16, 0))
        torch.testing.assert_close(out, x)
    ada = ScheduledAugment(0.99, 1.0, -1.0, 1.0)
    ada.proceed(100, 100)
    torch.testing.assert_close(ada(x, BatchNoise(16, 0)), x)


def test_colours_of_opaque_images_change_as_they_do_without_alpha() -> None:
    colours = torch.rand(6, 3, 8, 12) * 2 - 1
    opaque = torch.cat([colours, torch.ones(6, 1, 8, 12)], dim=1)
    plain = DiffAugment(("color",), 2.0)(colours, BatchNoise(6, 3))
    kept = DiffAugment(("color",), 2.0, -1.0)(opaque, BatchNoise(6, 3))
    torch.testing.assert_close(kept[:, :3], plain)
    assert torch.equal(kept[:, 3], opaque[:, 3])
    change = random_colours(Chance(BatchNoise(6, 1), 1.0), 3)
    torch.testing.assert_close(
        recolour_with_alpha(opaque, *change, -1.0, 1.0)[:, :3],
        recolour(colours, *change, -1.0, 1.0),
    )


@pytest.mark.parametrize("alpha", [0.25, 0.5])
def test_multiplying_by_alpha_and_changing_colours_are_one(alpha: float) -> None:
    colours = torch.rand(4, 3, 8, 8)
    change = random_colours(Chance(BatchNoise(4, 2), 1.0), 3)
    mask = torch.full((4, 1, 8, 8), alpha)
    faint = torch.cat([colours * alpha, mask], dim=1)
    changed = recolour(colours, *change, 0.0, 1.0)
    torch.testing.assert_close(
        recolour_with_alpha(faint, *change, 0.0, 1.0)[:, :3], changed * alpha
    )


def test_what_moves_in_is_transparent() -> None:
    x = torch.ones(32, 4, 16, 16)
    out = DiffAugment(("translation",), 2.0, -1.0)(x, BatchNoise(32, 0))
    assert set(out.unique().tolist()) == {-1.0, 1.0}


def test_images_that_are_not_square_are_never_turned_by_a_quarter() -> None:
    chance = Chance(BatchNoise(256, 0), 1e-9)
    always = Chance(BatchNoise(256, 0), 1.0)
    assert torch.equal(random_places(chance, 8, 12)[0].round(), torch.eye(3))
    from genzoo_gan.adaptive.geometry import _blits

    _, turns, _ = _blits(always, torch.tensor([12.0, 8.0]))
    assert set(turns[:, 0, 0].tolist()) == {-1.0, 1.0}
    _, turns, _ = _blits(always, torch.tensor([8.0, 8.0]))
    assert set(turns[:, 0, 0].tolist()) == {-1.0, 0.0, 1.0}
