"""Moving about in latent space."""

from __future__ import annotations

from collections.abc import Sequence

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


def latent_walk(ends: Sequence[Tensor], count: int, *, loop: bool, eased: bool) -> Tensor:
    """Points on the way from the first latent to the last, through all others.

    Spherical interpolation keeps the norm that the normal prior's latents have (White 2016).

    Args:
        ends: At least two latents, (*latent shape) each.
        count: Number of points, at least as many as ends.
        loop: Go on from the last latent to the first, where the walk may begin again.
        eased: Slow down at each latent, by the cubic 3u² - 2u³ of the way u between two.

    Returns:
        (count, *latent shape). The first point is the first latent; the last is the last one, or
        in a loop the one before the first.

    Raises:
        UsageError: There are fewer points than latents.
    """
    if count < len(ends):
        raise UsageError(
            f"A walk through {len(ends)} latents needs at least {len(ends)} steps, not {count}."
        )
    stops = [*ends, ends[0]] if loop else [*ends]
    stretches = len(stops) - 1
    points = []
    for number in range(count):
        time = number * stretches / (count if loop else count - 1)
        stretch = min(int(time), stretches - 1)
        way = time - stretch
        way = way * way * (3 - 2 * way) if eased else way
        points.append(_between(stops[stretch], stops[stretch + 1], way))
    return torch.stack(points)


def _between(start: Tensor, end: Tensor, way: float) -> Tensor:
    """A point of the great circle; of the straight line where the two are parallel."""
    a, b = start.flatten(), end.flatten()
    cosine = (torch.dot(a, b) / (a.norm() * b.norm())).nan_to_num(nan=1.0)
    angle = torch.arccos(cosine.clamp(-1.0, 1.0))
    if angle.sin().abs() < 1e-4:
        point = (1 - way) * a + way * b
    else:
        point = (torch.sin((1 - way) * angle) * a + torch.sin(way * angle) * b) / angle.sin()
    return point.reshape(start.shape)
