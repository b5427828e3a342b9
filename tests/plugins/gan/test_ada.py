"""Adaptive augmentation: what it does to samples, and how its strength is steered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from genzoo import BatchNoise, Step
from genzoo_gan.adaptive.ada import INTERVAL, MOST, AdaptiveAugment, ScheduledAugment

COUNT = 32


def images(channels: int = 3, side: int = 16) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(COUNT, channels, side, side, generator=generator) * 2 - 1


def augment(probability: float, target: float = 0.6, images: int = 1000) -> AdaptiveAugment:
    made = AdaptiveAugment(target, images, batch_size=10, low=-1.0, high=1.0)
    made.probability = probability
    return made


def verdicts(positive: float) -> Tensor:
    """The mean sign where a share is positive."""
    return torch.tensor(2.0 * positive - 1.0)


def test_at_probability_zero_it_is_the_identity() -> None:
    x = images()
    assert augment(0.0)(x, BatchNoise(COUNT, 0)) is x


def test_a_spared_sample_is_unchanged_to_the_last_bit() -> None:
    """Eleven kinds of changes, each with 5 %: about half of the samples are spared."""
    x = images()
    changed = augment(0.05)(x, BatchNoise(COUNT, 1))
    spared = [torch.equal(*pair) for pair in zip(changed, x, strict=True)]
    assert COUNT // 4 < sum(spared) < COUNT * 3 // 4


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_shape_type_and_variety(channels: int, dtype: torch.dtype) -> None:
    x = images(channels).to(dtype)
    result = augment(0.9)(x, BatchNoise(COUNT, 0))
    assert (result.shape, result.dtype) == (x.shape, x.dtype)
    assert result.isfinite().all()
    assert (result - x).flatten(1).abs().amax(1).unique().numel() > COUNT // 2


def test_autocast_changes_nothing() -> None:
    plain = augment(0.8)(images(), BatchNoise(COUNT, 0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(augment(0.8)(images(), BatchNoise(COUNT, 0)), plain)


def test_channels_last_gives_the_same() -> None:
    packed = images().contiguous(memory_format=torch.channels_last)
    found = augment(0.8)(packed, BatchNoise(COUNT, 0))
    torch.testing.assert_close(found, augment(0.8)(images(), BatchNoise(COUNT, 0)))


def test_random_numbers_come_from_the_noise_alone() -> None:
    before = torch.get_rng_state()
    first, second = (augment(0.5)(images(), BatchNoise(COUNT, 7)) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first, augment(0.5)(images(), BatchNoise(COUNT, 8)))


def test_gradients_reach_every_sample() -> None:
    x = images().requires_grad_()
    augment(0.8)(x, BatchNoise(COUNT, 0)).square().sum().backward()
    assert x.grad is not None
    assert (x.grad.flatten(1).abs().amax(1) > 0).all()


def test_it_is_linear_in_colours_up_to_an_offset_so_gradients_are_exact() -> None:
    x, direction = images(), images().roll(1, 0)

    def noise() -> BatchNoise:
        return BatchNoise(COUNT, 4)

    leaf = x.clone().requires_grad_()
    weights = images().flip(0)
    (augment(0.8)(leaf, noise()) * weights).sum().backward()
    assert leaf.grad is not None
    along = (leaf.grad * direction).sum()
    moved = ((augment(0.8)(x + direction, noise()) - augment(0.8)(x, noise())) * weights).sum()
    torch.testing.assert_close(along, moved, rtol=1e-3, atol=1e-2)


def test_the_probability_follows_the_mean_sign_at_the_published_speed() -> None:
    """From 0 to 1 in 1000 images: a batch of 10 moves it by 1 %, every four batches."""
    ada = augment(0.0)
    for batch in range(1, 13):
        ada.observe(verdicts(0.9))
        assert ada.probability == pytest.approx(0.01 * (batch // INTERVAL) * INTERVAL)
    for _ in range(INTERVAL):
        ada.observe(verdicts(0.7))
    assert ada.probability == pytest.approx(0.08)


def test_four_batches_count_together() -> None:
    ada = augment(0.5)
    for positive in (1.0, 1.0, 1.0, 0.3):
        ada.observe(verdicts(positive))
    assert ada.probability == pytest.approx(0.54)
    for positive in (0.5, 1.0, 0.5, 1.0):
        ada.observe(verdicts(positive))
    assert ada.probability == pytest.approx(0.50)


def test_the_probability_stays_in_its_bounds() -> None:
    ada = augment(0.01)
    for _ in range(2 * INTERVAL):
        ada.observe(verdicts(0.0))
    assert ada.probability == 0.0
    ada = augment(0.98)
    for _ in range(2 * INTERVAL):
        ada.observe(verdicts(1.0))
    assert ada.probability == MOST < 1


def test_its_state_is_whole_between_two_adjustments() -> None:
    ada, other = augment(0.3), augment(0.0)
    for positive in (1.0, 0.2):
        ada.observe(verdicts(positive))
    other.load_state_dict({name: value.clone() for name, value in ada.state_dict().items()})
    for _ in range(2):
        for which in (ada, other):
            which.observe(verdicts(1.0))
    assert ada.probability == other.probability == pytest.approx(0.34)
    assert all(torch.equal(v, ada.state_dict()[n]) for n, v in other.state_dict().items())


@pytest.mark.parametrize(
    ("over", "index", "probability"),
    [
        (1.0, 0, 0.0),
        (1.0, 50, 0.15),
        (0.5, 25, 0.15),
        (0.5, 50, 0.3),
        (0.5, 99, 0.3),
        (0.0, 0, 0.3),
    ],
)
def test_a_scheduled_probability_goes_along_a_cosine(
    over: float, index: int, probability: float
) -> None:
    scheduled = ScheduledAugment(0.3, over, low=-1.0, high=1.0)
    scheduled.proceed(index, 100)
    assert scheduled.probability == pytest.approx(probability)


def test_a_scheduled_strength_changes_what_an_adapted_one_does() -> None:
    scheduled = ScheduledAugment(0.7, 0.0, low=-1.0, high=1.0)
    scheduled.proceed(0, 10)
    made = scheduled(images(), BatchNoise(COUNT, 1))
    assert torch.equal(made, augment(0.7)(images(), BatchNoise(COUNT, 1)))


def test_objectives_follow_the_schedule_whatever_the_verdicts(
    objective_name: str,
    make_objective: Callable[..., Any],
    make_step: Callable[..., Step],
    parts: Mapping[str, nn.Module],
) -> None:
    objective = make_objective(
        objective_name, augment="ada", ada_probability=0.8, ada_over=0.5, ada_images=1
    )
    for index, probability in ((0, 0.0), (25, 0.4), (50, 0.8), (99, 0.8)):
        step = make_step(parts)
        step.index = index
        reported = {}
        for phase in objective.phases():
            phase.loss(step)
            reported |= step.reported
        assert reported["augment_probability"].item() == pytest.approx(probability)
        assert torch.equal(objective.real(step), step.batch.x) is (index == 0)
    assert objective.state_dict() == {}


def test_objectives_show_it_their_verdicts_on_real_samples(
    objective_name: str,
    make_objective: Callable[..., Any],
    make_step: Callable[..., Step],
    parts: Mapping[str, nn.Module],
) -> None:
    objective = make_objective(objective_name, augment="ada", ada_target=-1.0, ada_images=24)
    reported = set()
    for phase in objective.phases():
        step = make_step(parts)
        phase.loss(step)
        reported |= set(step.reported)
        if "overfitting" in step.reported:
            assert -1 <= step.reported["overfitting"] <= 1
            assert step.reported["augment_probability"] == 0
    assert {"overfitting", "augment_probability"} <= reported
    assert objective.state_dict()["augment_batches"] == 1
    step = make_step(parts)
    assert torch.equal(objective.real(step), step.batch.x)
    # Four batches of six images are all the way to the upper bound.
    for _ in range(INTERVAL - 1):
        objective.watch(make_step(parts), torch.full((6,), 3.0), torch.zeros(6))
    assert objective.augment.probability == MOST
    step = make_step(parts)
    assert not torch.equal(objective.real(step), step.batch.x)


def test_losses_of_differences_compare_with_a_fake(make_objective: Callable[..., Any]) -> None:
    real, fake = torch.tensor([-5.0, 5.0]), torch.tensor([-6.0, 6.0])
    signs = {
        name: make_objective(name).verdicts(real, fake).sign().tolist()
        for name in ("gan", "hinge", "lsgan", "wgan-gp", "r3gan")
    }
    absolute, relative = [-1.0, 1.0], [1.0, -1.0]
    assert signs == {
        "gan": absolute,
        "hinge": absolute,
        "lsgan": absolute,
        "wgan-gp": relative,
        "r3gan": relative,
    }
    half = torch.tensor([0.4, 0.6])
    assert make_objective("lsgan").verdicts(half, fake).sign().tolist() == absolute
