"""Moving about in latent space."""

from __future__ import annotations

import torch
from torch import Tensor

from genzoo.errors import UsageError
from genzoo.interfaces.noise import Noise
from genzoo.interfaces.prior import Prior


def drawn(prior: Prior, noise: Noise, truncation: float) -> Tensor:
    """Latents of a prior, (N, *latent shape), shrunk towards its centre; 1 leaves them alone.

    Raises:
        UsageError: The factor is outside (0, 1].
    """
    check_truncation(truncation)
    if truncation == 1.0:
        return prior.sample(noise)
    return prior.sample_truncated(noise, truncation)


def check_truncation(truncation: float) -> None:
    """Refuse a factor outside (0, 1].

    Raises:
        UsageError: It is.
    """
    if not 0.0 < truncation <= 1.0:
        raise UsageError(f"The truncation must be above 0 and at most 1, not {truncation}.")


def interpolation_path(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """Spherical interpolation from `start` to `end`, both included.

    Args:
        start: One latent, (*latent shape).
        end: Another.
        steps: Number of points, at least 2.

    Returns:
        (steps, *latent shape). Falls back to a straight line where the two are parallel.

    Raises:
        UsageError: Fewer than two steps.
    """
    if steps < 2:
        raise UsageError(f"An interpolation needs at least 2 steps, not {steps}.")
    a, b = start.flatten(), end.flatten()
    cosine = (torch.dot(a, b) / (a.norm() * b.norm())).nan_to_num(nan=1.0)
    angle = torch.arccos(cosine.clamp(-1.0, 1.0))
    t = torch.linspace(0.0, 1.0, steps, device=start.device).unsqueeze(1)
    if angle.sin().abs() < 1e-4:
        path = (1 - t) * a + t * b
    else:
        path = (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / angle.sin()
    return path.reshape(steps, *start.shape)
