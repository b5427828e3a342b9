"""Moving about in latent space."""

import math

import pytest
import torch

from genzoo import LatentSpec, SampleNoise, StandardNormal, UsageError
from genzoo.model.latent_paths import drawn, latent_walk


def straight(start, end, steps):
    """From one latent to another at an even pace."""
    return latent_walk([start, end], steps, loop=False, eased=False)


def test_path_keeps_the_norm_and_divides_the_angle():
    start, end = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    path = straight(start, end, 4)
    angles = torch.tensor([0.0, math.pi / 6, math.pi / 3, math.pi / 2])
    torch.testing.assert_close(path, 2 * torch.stack([angles.cos(), angles.sin()], 1))


def test_path_keeps_the_latents_shape():
    start, end = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    path = straight(start, end, 3)
    assert path.shape == (3, 3, 4, 4)
    torch.testing.assert_close(path[0], start)
    torch.testing.assert_close(path[-1], end)


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0, 0.0])
def test_parallel_latents_are_joined_by_a_straight_line(factor):
    start = torch.tensor([1.0, 2.0, 3.0])
    path = straight(start, factor * start, 3)
    torch.testing.assert_close(path[1], (1 + factor) / 2 * start)


def test_one_step_is_no_interpolation():
    with pytest.raises(UsageError, match="at least 2"):
        straight(torch.ones(2), torch.ones(2), 1)


THREE = [
    torch.tensor([1.0, 0.0, 0.0]),
    torch.tensor([0.0, 1.0, 0.0]),
    torch.tensor([0.0, 0.0, 1.0]),
]


def test_a_walk_passes_all_latents_at_even_intervals():
    walk = latent_walk(THREE, 9, loop=False, eased=False)
    torch.testing.assert_close(walk[[0, 4, 8]], torch.stack(THREE))
    torch.testing.assert_close(walk[2], torch.tensor([0.5**0.5, 0.5**0.5, 0.0]))


def test_a_loop_ends_one_step_before_its_beginning():
    walk = latent_walk(THREE, 12, loop=True, eased=False)
    torch.testing.assert_close(walk[[0, 4, 8]], torch.stack(THREE))
    steps = (walk - walk.roll(-1, 0)).norm(dim=1)
    torch.testing.assert_close(steps, steps[:1].expand(12))


def test_an_eased_walk_slows_down_at_each_latent():
    walk = latent_walk(THREE, 9, loop=False, eased=True)
    torch.testing.assert_close(walk[[0, 4, 8]], torch.stack(THREE))
    angle = torch.arccos(walk[1, 0])
    # 3u² - 2u³ at a quarter of the way is 10/64.
    torch.testing.assert_close(angle, torch.tensor(math.pi / 2 * 10 / 64))


def test_a_walk_of_fewer_points_than_latents_is_refused():
    with pytest.raises(UsageError, match="at least 3 steps, not 2"):
        latent_walk(THREE, 2, loop=True, eased=False)


def test_latents_are_shrunk_towards_the_origin_unless_the_prior_has_another_centre():
    prior = StandardNormal(LatentSpec(shape=(3,)))
    latents = prior.sample(SampleNoise(0, range(5)))
    torch.testing.assert_close(drawn(prior, SampleNoise(0, range(5)), 0.25), 0.25 * latents)
    assert torch.equal(drawn(prior, SampleNoise(0, range(5)), 1.0), latents)


@pytest.mark.parametrize("factor", [0.0, -1.0, 1.5, math.nan])
def test_a_truncation_that_is_not_above_zero_and_at_most_one_is_refused(factor):
    with pytest.raises(UsageError, match="truncation"):
        drawn(StandardNormal(LatentSpec(shape=(3,))), SampleNoise(0, range(5)), factor)
