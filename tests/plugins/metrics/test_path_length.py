"""Path lengths against a generator whose samples turn as fast as its latents."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from genzoo import Architecture, Config, Generator, LatentSpec, Model, SampleSpec
from genzoo.evaluation.settings import Settings
from genzoo_metrics.path_length import between, map_distance, path_lengths, slerp


class Compass(Generator):
    """The direction of a latent of two numbers, and three times as fast where it is asked to."""

    def __init__(self, speed=1.0):
        super().__init__()
        self.speed = speed

    def forward(self, z, labels=None):
        angle = torch.atan2(z[:, 1], z[:, 0]) * self.speed
        pixel = torch.stack([angle.cos(), angle.sin(), torch.zeros_like(angle)], 1)
        return pixel[:, :, None, None].expand(-1, 3, 4, 4)


class Plane(Architecture):
    def __init__(self):
        super().__init__(Config(), SampleSpec(shape=(3, 4, 4)))
        self.latent = LatentSpec(shape=(2,))

    def build(self) -> dict[str, nn.Module]:
        return {"generator": Compass()}


def subject(speed=1.0, batch=64):
    return SimpleNamespace(
        model=Model("tests/plane", Plane(), {"generator": Compass(speed)}),
        settings=Settings(count=10, seed=3, batch_size=batch),
        sample_labels=lambda start, count: None,
        progress=lambda *_: None,
    )


def test_the_length_of_a_turn_is_the_square_of_its_angle():
    lengths = path_lengths(subject(), lambda x: [x], paths=4000, step=1e-2)
    # Angles between directions drawn at random are uniform up to pi.
    assert lengths.mean() == pytest.approx(np.pi**2 / 3, rel=0.05)
    assert lengths.max() <= np.pi**2 * 1.001


def test_samples_that_move_twice_as_fast_have_four_times_the_length():
    slow = path_lengths(subject(), lambda x: [x], 500, 1e-3)
    fast = path_lengths(subject(speed=2.0), lambda x: [x], 500, 1e-3)
    assert np.median(fast / slow) == pytest.approx(4.0, rel=0.01)


def test_lengths_do_not_depend_on_the_batch():
    one, other = (path_lengths(subject(batch=b), lambda x: [x], 30, 1e-2) for b in (8, 64))
    np.testing.assert_allclose(one, other, rtol=1e-3)


def test_great_circles_begin_and_end_where_they_should_and_keep_lengths():
    torch.manual_seed(0)
    start, end = torch.randn(5, 2, 3), torch.randn(5, 2, 3)
    torch.testing.assert_close(slerp(start, end, torch.zeros(5)), start)
    torch.testing.assert_close(slerp(start, end, torch.ones(5)), end)
    middle = slerp(start, end, torch.full((5,), 0.5)).flatten(1).norm(dim=1)
    ends = (start.flatten(1).norm(dim=1) + end.flatten(1).norm(dim=1)) / 2
    torch.testing.assert_close(middle, ends)


def test_distances_of_maps_are_of_directions_summed_over_maps():
    one = torch.tensor([3.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    other = torch.tensor([0.0, 5.0]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    assert map_distance([one, one], [other, one * 7]).tolist() == pytest.approx([2.0])


def test_the_ends_of_the_lengths_are_left_out():
    kept = between(np.arange(101.0), 0.01, 0.99)
    assert kept.tolist() == list(np.arange(1.0, 100.0))
