"""Moving about in latent space."""

import math

import pytest
import torch

from genzoo import UsageError
from genzoo.model.latent_paths import interpolation_path, truncate


def test_path_keeps_the_norm_and_divides_the_angle():
    start, end = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    path = interpolation_path(start, end, 4)
    angles = torch.tensor([0.0, math.pi / 6, math.pi / 3, math.pi / 2])
    torch.testing.assert_close(path, 2 * torch.stack([angles.cos(), angles.sin()], 1))


def test_path_keeps_the_latents_shape():
    start, end = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    path = interpolation_path(start, end, 3)
    assert path.shape == (3, 3, 4, 4)
    torch.testing.assert_close(path[0], start)
    torch.testing.assert_close(path[-1], end)


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0, 0.0])
def test_parallel_latents_are_joined_by_a_straight_line(factor):
    start = torch.tensor([1.0, 2.0, 3.0])
    path = interpolation_path(start, factor * start, 3)
    torch.testing.assert_close(path[1], (1 + factor) / 2 * start)


def test_one_step_is_no_interpolation():
    with pytest.raises(UsageError, match="at least 2"):
        interpolation_path(torch.ones(2), torch.ones(2), 1)


def test_no_truncation_is_the_identity():
    latents = torch.ones(3)
    assert truncate(latents, 1.0) is latents
