"""Deterministic sampling (Song et al. 2021, arXiv:2010.02502, equation 12 with eta = 0)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from genzoo_diffusion.schedule import NoiseSchedule

Predict = Callable[[Tensor, Tensor], Tensor]
"""Velocities (N, ...) of noisy samples (N, ...) at times (N,)."""


def ddim(
    predict: Predict,
    schedule: NoiseSchedule,
    noise: Tensor,
    steps: int,
    bounds: tuple[float, float] | None = None,
) -> Tensor:
    """Turn noise into samples: nothing is drawn on the way.

    Each step estimates the clean sample and the noise, and mixes them anew for an earlier time.

    Args:
        predict: The denoiser.
        schedule: The one that it was trained with.
        noise: x_T, (N, ...), from N(0, I).
        steps: Number of steps.
        bounds: Least and greatest value of a clean sample: estimates are clipped to them.

    Returns:
        Samples (N, ...).
    """
    x = noise
    for now, after in pairwise(sampling_times(schedule.timesteps, steps)):
        t = torch.full((len(x),), now, device=x.device)
        clean = schedule.clean(x, predict(x, t), t)
        if bounds is not None:
            clean = clean.clamp(*bounds)
        x = schedule.diffuse(clean, schedule.noise(x, clean, t), torch.full_like(t, after))
    return x


def sampling_times(timesteps: int, steps: int) -> list[int]:
    """`steps + 1` times from `timesteps` down to 0, evenly spaced to the nearest whole number."""
    return [round(timesteps * left / steps) for left in range(steps, -1, -1)]
