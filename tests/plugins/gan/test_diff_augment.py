"""DiffAugment: what it does to values, to gradients and to random numbers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from genzoo import BatchNoise, Noise
from genzoo_gan.configs import OPERATIONS
from genzoo_gan.diff_augment import DiffAugment, _hole, _shifted, resolve_policy

COUNT = 64


def images(channels: int = 3, side: int = 16) -> Tensor:
    return torch.rand(COUNT, channels, side, side, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("policy", "count", "operations"),
    [
        ("auto", 4999, OPERATIONS),
        ("auto", 5000, ()),
        ("none", 10, ()),
        ("cutout", 10**6, ("cutout",)),
        ("translation,color", 10**6, ("translation", "color")),
    ],
)
def test_policy(policy: str, count: int, operations: tuple[str, ...]) -> None:
    assert resolve_policy(policy, count) == operations


def test_without_operations_it_is_the_identity() -> None:
    x = images()
    assert DiffAugment((), 2.0)(x, BatchNoise(COUNT, 0)) is x


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_shape_dtype_layout_and_variety(operation: str, channels: int) -> None:
    x = images(channels)
    result = DiffAugment((operation,), 1.0)(x, BatchNoise(COUNT, 0))
    assert result.shape == x.shape
    assert result.dtype == x.dtype
    assert (result - x).flatten(1).abs().amax(1).unique().numel() > COUNT // 2


@pytest.mark.parametrize("operation", OPERATIONS)
def test_channels_last_gives_the_same(operation: str) -> None:
    augment = DiffAugment((operation,), 1.0)
    plain = augment(images(), BatchNoise(COUNT, 0))
    packed = images().contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(augment(packed, BatchNoise(COUNT, 0)), plain)


def test_random_numbers_come_from_the_noise_alone() -> None:
    augment = DiffAugment(OPERATIONS, 1.0)
    before = torch.get_rng_state()
    first, second = (augment(images(), BatchNoise(COUNT, 7)) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first, augment(images(), BatchNoise(COUNT, 8)))


def test_order_of_operations_is_fixed() -> None:
    one = DiffAugment(("cutout", "color"), 1.0)(images(), BatchNoise(COUNT, 0))
    other = DiffAugment(("color", "cutout"), 1.0)(images(), BatchNoise(COUNT, 0))
    assert torch.equal(one, other)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_gradient_equals_finite_differences(operation: str) -> None:
    x = images(3, 8)[:2].double().requires_grad_()

    def augmented(x: Tensor) -> Tensor:
        return DiffAugment((operation,), 1.0)(x, BatchNoise(2, 5))

    assert torch.autograd.gradcheck(augmented, (x,), fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda x: augmented(x).square(), (x,), fast_mode=True)


def test_translation_shifts_by_at_most_an_eighth_and_pads_with_zeros() -> None:
    x = torch.zeros(COUNT, 1, 16, 16)
    x[:, :, 8, 8] = 1.0
    result = DiffAugment(("translation",), 1.0)(x, BatchNoise(COUNT, 0))
    places = result.nonzero()
    assert len(places) == COUNT
    assert set((places[:, 2] - 8).tolist()) == {-2, -1, 0, 1, 2}
    assert set((places[:, 3] - 8).tolist()) == {-2, -1, 0, 1, 2}
    ones = DiffAugment(("translation",), 1.0)(torch.ones(COUNT, 1, 16, 16), BatchNoise(COUNT, 0))
    assert set(ones.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("operation", ["translation", "cutout"])
@pytest.mark.parametrize("shape", [(8, 32), (32, 8)])
def test_places_go_by_the_side_they_are_on_where_images_are_not_square(
    operation: str, shape: tuple[int, int]
) -> None:
    result = DiffAugment((operation,), 1.0)(torch.ones(512, 1, *shape), BatchNoise(512, 0))
    assert result.shape == (512, 1, *shape)
    empty = result[:, 0] == 0
    if operation == "translation":
        assert empty.all(2).sum(1).max() == shape[0] // 8
        assert empty.all(1).sum(1).max() == shape[1] // 8
    else:
        assert empty.any(2).sum(1).max() == shape[0] // 2
        assert empty.any(1).sum(1).max() == shape[1] // 2


def test_translation_keeps_the_picture() -> None:
    x = images()
    result = DiffAugment(("translation",), 1.0)(x, BatchNoise(COUNT, 0))
    for before, after in zip(x, result, strict=True):
        shifts = [(i, j) for i in range(-2, 3) for j in range(-2, 3)]
        inner = [
            torch.equal(before[:, 4 + i : 12 + i, 4 + j : 12 + j], after[:, 4:12, 4:12])
            for i, j in shifts
        ]
        assert sum(inner) == 1


def test_cutout_zeroes_at_most_half_a_side_squared() -> None:
    result = DiffAugment(("cutout",), 1.0)(torch.ones(512, 3, 16, 16), BatchNoise(512, 0))
    holes = (result == 0).all(1).flatten(1).sum(1)
    assert holes.max() == 64
    assert holes.min() >= 16
    assert torch.equal((result == 0).all(1), (result == 0).any(1))


def test_brightness_scales_with_the_range() -> None:
    x = images()
    narrow = DiffAugment(("color",), 1.0)(x, BatchNoise(COUNT, 0))
    wide = DiffAugment(("color",), 2.0)(x * 2 - 1, BatchNoise(COUNT, 0))
    torch.testing.assert_close(wide, narrow * 2 - 1)
    offset = narrow.mean((1, 2, 3)) - x.mean((1, 2, 3))
    assert -0.25 <= offset.min() < -0.2
    assert 0.2 < offset.max() <= 0.25


def test_saturation_leaves_grey_images_grey() -> None:
    grey = images(1).expand(-1, 3, -1, -1)
    result = DiffAugment(("color",), 1.0)(grey, BatchNoise(COUNT, 0))
    torch.testing.assert_close(result[:, 0], result[:, 2])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_half_precision_stays(operation: str) -> None:
    result = DiffAugment((operation,), 1.0)(images().bfloat16(), BatchNoise(COUNT, 0))
    assert result.dtype == torch.bfloat16


def test_colours_are_those_of_the_paper() -> None:
    """Contrast is about the mean of an image, not of a channel; saturation about a pixel's."""
    x = images() * 2 - 1 + torch.tensor([-0.5, 0.0, 0.5]).view(3, 1, 1)
    noise = BatchNoise(COUNT, 3)
    brightness, saturation, contrast = (noise.uniform(1, 1, 1) for _ in range(3))
    x1 = x + (brightness - 0.5)
    grey = x1.mean(1, keepdim=True)
    x2 = (x1 - grey) * (saturation * 2) + grey
    mean = x2.mean((1, 2, 3), keepdim=True)
    expected = (x2 - mean) * (contrast + 0.5) + mean
    torch.testing.assert_close(DiffAugment(("color",), 2.0)(x, BatchNoise(COUNT, 3)), expected)


class Even(Noise):
    """Uniform numbers that are spread evenly, each as likely as its mirror image."""

    def uniform(self, *shape: int) -> Tensor:
        return ((torch.arange(self.count) + 0.5) / self.count).view(-1, *shape)

    def normal(self, *shape: int) -> Tensor:
        raise NotImplementedError


@pytest.mark.parametrize("side", [15, 16, 17, 18])
def test_holes_and_shifts_are_as_likely_as_their_mirror_images(side: int) -> None:
    """So neither is off by a pixel or by half of one."""
    count = 840 * (side + 1)
    holes = _hole(side, Even(count))
    torch.testing.assert_close(holes.float().mean(0), holes.flip(1).float().mean(0))
    assert holes.sum(1).max() == side // 2
    assert (holes.sum(1) == side // 2).float().mean() > 0.4
    sources, inside = _shifted(side, Even(840 * (2 * (side // 8) + 1)))
    torch.testing.assert_close(inside.float().mean(0), inside.flip(1).float().mean(0))
    middle = side // 2
    assert sources[:, middle].float().mean() == middle
