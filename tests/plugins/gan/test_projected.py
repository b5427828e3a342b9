"""The objective projected: what heads are shown, who learns from what, and what is penalised."""

import pytest
import torch

from genzoo import (
    Batch,
    CapabilityError,
    LatentSpec,
    SampleSpec,
    StandardNormal,
    Step,
    Term,
    TrainingContext,
    UsageError,
)
from genzoo_gan.configs import FastGANConfig, ProjectedConfig
from genzoo_gan.fastgan import FastGAN
from genzoo_gan.objectives.projected import ProjectedGAN
from genzoo_gan.projected import SETTLING, Mixing, choose_taps, enlarged, shown_to_network

SMALL = FastGANConfig(latent_dim=8, width=4, discriminator_width=4)
ROWS = 6


def objective(sample=None, **options):
    sample = sample or SampleSpec(shape=(3, 16, 16)).with_range(-1.0, 1.0)
    config = ProjectedConfig(**{"resolution": 32, "augment": "none", **options})
    return ProjectedGAN(config, TrainingContext(sample, LatentSpec(shape=(8,)), 9000, ROWS, 100))


def step_of(goal, parts=None, index=0):
    torch.manual_seed(0)
    sample = goal.context.sample
    parts = parts or {**FastGAN(SMALL, sample).build(), **goal.parts()}
    x = torch.rand(ROWS, *sample.shape) * 2 - 1
    labels = torch.arange(ROWS) % len(sample.classes) if sample.classes else None
    prior = StandardNormal(goal.context.latent)
    return Step(index=index, total=100, batch=Batch(x, labels), parts=parts, prior=prior)


def moved(goal, phase, step):
    """Parts that a phase's loss would move, were all of them trained."""
    terms = {one.name: one for one in goal.phases()}[phase].loss(step)
    loss = sum(
        t.value.mean() * t.weight if isinstance(t, Term) else t.mean() for t in terms.values()
    )
    for part in step.parts.values():
        part.zero_grad()
    loss.backward()
    return {
        name
        for name, part in step.parts.items()
        if any(p.grad is not None and p.grad.abs().sum() > 0 for p in part.parameters())
    }


def test_players_learn_from_their_own_losses():
    goal = objective()
    assert moved(goal, "discriminator", step_of(goal)) == {"heads", "discriminator"}
    assert moved(goal, "penalty", step_of(goal)) == {"heads", "discriminator"}
    assert "generator" in moved(goal, "generator", step_of(goal))
    assert {phase.name: phase.trains for phase in goal.phases()} == {
        "penalty": ("heads", "discriminator"),
        "discriminator": ("heads", "discriminator"),
        "generator": ("generator",),
    }


def test_without_pixels_the_frozen_network_alone_judges():
    goal = objective(pixel_weight=0)
    assert moved(goal, "discriminator", step_of(goal)) == {"heads"}
    assert all("discriminator" not in phase.trains for phase in goal.phases())


def test_the_frozen_network_is_known_and_never_moved():
    goal = objective()
    (network,) = goal.frozen().values()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    moved(goal, "generator", step_of(goal))
    assert network.full_name == "genzoo/efficientnet-lite0"
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert not any(
        "features" in name or "stages" in name for name in goal.parts()["heads"].state_dict()
    )


def test_heads_look_at_the_last_map_of_each_stride():
    (network,) = objective().frozen().values()
    assert choose_taps(network) == ["stage2", "stage3", "stage5", "stage7"]


@pytest.mark.parametrize(
    ("sides", "size"),
    [((64, 64), (96, 96)), ((28, 28), (96, 96)), ((64, 96), (96, 160)), ((128, 128), (128, 128))],
)
def test_images_are_enlarged_to_what_the_coarsest_map_divides(sides, size):
    assert enlarged(torch.zeros(1, 3, *sides), 96, 32).shape[2:] == size


def test_mixed_maps_are_divided_by_the_deviation_of_the_first_real_ones():
    torch.manual_seed(0)
    mixing = Mixing([5, 7])
    maps = [[torch.randn(64, 5, 8, 8) * 3 + 1, torch.randn(64, 7, 4, 4)] for _ in range(5)]
    mixed = [mixing(one) for one in maps]
    for one in mixed:
        mixing.observe(one, lambda values: values.mean(0), 64)
    assert float(mixing.counted) == SETTLING
    for level in range(2):
        seen = torch.cat([one[level] for one in mixed[:4]])
        deviation = seen.transpose(0, 1).flatten(1).std(1, correction=0)
        scaled = mixing.scaled(mixed[4])[level]
        torch.testing.assert_close(
            scaled, mixed[4][level] / deviation[:, None, None], rtol=1e-4, atol=1e-4
        )


def test_mixing_is_a_random_projection_that_nobody_trains():
    mixing = Mixing([5, 7])
    assert not list(mixing.parameters())
    x = [torch.randn(2, 5, 8, 8, requires_grad=True), torch.randn(2, 7, 4, 4, requires_grad=True)]
    fine, coarse = mixing(x)
    assert fine.shape == (2, 64, 8, 8)
    assert coarse.shape == (2, 64, 4, 4)
    (by_coarse,) = torch.autograd.grad(fine.sum(), x[1])
    assert by_coarse.abs().sum() > 0  # coarse maps are mixed into fine ones


def test_penalties_are_of_gradients_by_what_each_judge_sees():
    """By hand: every head's and the discriminator's own gradient, weighted and summed."""
    goal = objective(gamma=(4.0, 3.0, 2.0, 1.0), pixel_gamma=7.0, pixel_weight=0.5)
    step = step_of(goal)
    terms = goal.penalty_loss(step)
    maps = [one.detach().requires_grad_() for one in goal._real_maps(step)]
    expected = torch.zeros(ROWS)
    for gamma, x, logits in zip((4, 3, 2, 1), maps, step.part("heads")(maps), strict=True):
        (gradient,) = torch.autograd.grad(logits.sum(), x)
        expected += gamma * gradient.square().flatten(1).sum(1)
    x = step.batch.x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(step.part("discriminator")(x).sum(), x)
    expected += 7 * 0.5 * gradient.square().flatten(1).sum(1)
    torch.testing.assert_close(terms["r1"].value, expected, rtol=1e-3, atol=1e-5)
    assert terms["r1"].weight == terms["r2"].weight == 0.5


def test_augmentation_stands_in_front_of_the_frozen_network():
    plain, augmented = objective(), objective(augment="color,translation,cutout")
    step = step_of(plain)
    again = step_of(augmented, step.parts)
    assert not torch.allclose(plain.real(step), augmented.real(again))
    first, second = plain._real_maps(step)[0], augmented._real_maps(again)[0]
    assert not torch.allclose(first, second)


def test_classes_reach_every_judge():
    sample = SampleSpec(shape=(3, 16, 16), classes=("a", "b")).with_range(-1.0, 1.0)
    goal = objective(sample)
    step = step_of(goal)
    maps = goal._real_maps(step)
    first, second = (step.part("heads")(maps, torch.full((ROWS,), label)) for label in (0, 1))
    assert all(not torch.allclose(one, other) for one, other in zip(first, second, strict=True))


def test_grey_images_of_28_pixels_are_judged():
    goal = objective(SampleSpec(shape=(1, 28, 28)).with_range(-1.0, 1.0), resolution=64)
    assert moved(goal, "discriminator", step_of(goal)) == {"heads", "discriminator"}


def test_images_with_alpha_are_shown_on_grey():
    colours, alpha = torch.rand(2, 3, 4, 4), torch.rand(2, 1, 4, 4)
    shown = shown_to_network(torch.cat([colours * alpha, alpha], 1))
    torch.testing.assert_close(shown, (colours * alpha + 0.5 * (1 - alpha)) * 2 - 1)


def test_images_with_alpha_are_judged():
    goal = objective(SampleSpec(shape=(4, 16, 16)).with_range(-1.0, 1.0))
    assert "generator" in moved(goal, "generator", step_of(goal))


def test_samples_that_are_not_images_are_refused():
    with pytest.raises(CapabilityError, match="projected looks at images"):
        objective(SampleSpec(kind="points", shape=(2,)).with_range(-1.0, 1.0))


def test_a_feature_space_without_a_network_is_refused():
    with pytest.raises(UsageError, match="pixels has no network"):
        objective(feature_network="pixels")
