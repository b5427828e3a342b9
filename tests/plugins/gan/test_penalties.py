"""Penalties of discriminators whose gradient is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from genzoo_gan.penalties import squared_gradient, unit_gradient


@pytest.fixture
def weight() -> Tensor:
    return torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(3)).requires_grad_()


def linear(weight: Tensor, x: Tensor) -> Tensor:
    return (x * weight).flatten(1).sum(1)


def test_r1_of_a_linear_discriminator_is_its_squared_norm(weight: Tensor) -> None:
    x = torch.randn(5, 3, 4, 4).requires_grad_()
    penalty = squared_gradient(linear(weight, x), x)
    torch.testing.assert_close(penalty, weight.square().sum().expand(5))
    (gradient,) = torch.autograd.grad(penalty.mean(), weight)
    torch.testing.assert_close(gradient, 2 * weight)


def test_r1_is_each_samples_own() -> None:
    x = torch.tensor([[1.0], [2.0], [-3.0]]).requires_grad_()
    penalty = squared_gradient(x.square().flatten(), x)
    assert penalty.tolist() == [4.0, 16.0, 36.0]


def test_wgan_gp_of_a_linear_critic(weight: Tensor) -> None:
    real, fake = torch.randn(2, 5, 3, 4, 4).unbind()
    penalty = unit_gradient(lambda x: linear(weight, x), real, fake, torch.rand(5))
    norm = weight.square().sum().sqrt()
    torch.testing.assert_close(penalty, (norm - 1).square().expand(5))
    (gradient,) = torch.autograd.grad(penalty.mean(), weight)
    torch.testing.assert_close(gradient, 2 * (norm - 1) * weight / norm)


def test_wgan_gp_looks_between_pairs_one_place_per_sample() -> None:
    real, fake = torch.full((3, 2, 4, 4), 1.0), torch.full((3, 2, 4, 4), -1.0)
    seen: list[Tensor] = []

    def critic(x: Tensor) -> Tensor:
        seen.append(x)
        return x.flatten(1).sum(1)

    unit_gradient(critic, real, fake, torch.tensor([0.0, 0.25, 1.0]))
    assert seen[0].amin((1, 2, 3)).tolist() == [-1.0, -0.5, 1.0]
    assert seen[0].amax((1, 2, 3)).tolist() == [-1.0, -0.5, 1.0]


def test_wgan_gp_does_not_reach_the_generator(weight: Tensor) -> None:
    fake = torch.randn(2, 3, 4, 4).requires_grad_()
    penalty = unit_gradient(
        lambda x: linear(weight, x.square()), torch.randn(2, 3, 4, 4), fake, torch.rand(2)
    )
    assert torch.autograd.grad(penalty.sum(), fake, allow_unused=True) == (None,)
