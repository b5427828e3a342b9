"""Gradient penalties: pure functions that give one value per sample, (N,)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Critic = Callable[[Tensor], Tensor]
"""Samples (N, *shape) to logits (N,), each of its own sample alone."""


def input_gradient(logits: Tensor, x: Tensor) -> Tensor:
    """d logits[i] / d x[i] for each row i, (N, *shape), itself differentiable."""
    (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return gradient


def squared_gradient(logits: Tensor, x: Tensor) -> Tensor:
    """||d logits[i] / d x[i]||^2: R1 on real samples, R2 on fake ones.

    Mescheder et al. 2018 (arXiv:1801.04406), equations 9 and 10, without the weight gamma / 2.
    """
    return input_gradient(logits, x).square().flatten(1).sum(1)


def unit_gradient(critic: Critic, real: Tensor, fake: Tensor, epsilon: Tensor) -> Tensor:
    """(||gradient|| - 1)^2 between pairs of a real and a fake sample, (N,).

    Gulrajani et al. 2017 (arXiv:1704.00028), equation 3, without the weight lambda.

    Args:
        critic: Gives each sample's logit.
        real: Real samples (N, *shape).
        fake: Fake samples (N, *shape).
        epsilon: Place between them, one per sample, (N,) in [0, 1]; 1 is the real one.
    """
    place = epsilon.view(-1, *[1] * (real.ndim - 1))
    between = torch.lerp(fake.detach(), real, place).requires_grad_()
    gradient = input_gradient(critic(between), between)
    return (gradient.flatten(1).norm(dim=1) - 1.0).square()
