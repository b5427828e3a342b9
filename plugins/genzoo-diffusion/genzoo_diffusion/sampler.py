"""From noise to samples, step by step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from torch import Tensor

from genzoo import Noise
from genzoo_diffusion.configs import SamplerName
from genzoo_diffusion.process import Process, at, rows

Predict = Callable[[Tensor, Tensor], Tensor]
"""Velocities (N, ...) of noisy samples (N, ...) at times (N,)."""

Bounds = tuple[float, float] | None
"""Least and greatest value of a clean sample: estimates are clipped to them."""


def ddim(
    predict: Predict,
    process: Process,
    noise: Tensor,
    steps: int,
    bounds: Bounds = None,
    eta: float = 0.0,
    draws: Noise | None = None,
) -> Tensor:
    """Estimate sample and noise, and mix them anew for an earlier time.

    Song et al. 2021 (arXiv:2010.02502), equations 12 and 16, for any alpha and sigma. It is exact
    where the estimate of the sample does not change on the way.

    Args:
        predict: The denoiser.
        process: The one that it was trained with.
        noise: The beginning, (N, ...), from N(0, I).
        steps: Number of steps.
        bounds: Those of samples, where there are any.
        eta: Share of the noise that is drawn afresh: 1 is DDPM's ancestral sampling.
        draws: Fresh noise for N rows; without it none is drawn.

    Returns:
        Samples (N, ...).
    """
    x = noise
    for now, after in pairwise(process.times(steps)):
        t, later = at(now, x), at(after, x)
        clean, old = _estimates(predict, process, x, t, bounds)
        if eta == 0.0 or draws is None:
            x = process.diffuse(clean, old, later)
            continue
        fresh = eta * _posterior_deviation(process, t, later, x)
        alpha, sigma = process.spread(later, x)
        kept = (sigma.square() - fresh.square()).clamp_min(0.0).sqrt()
        x = alpha * clean + kept * old + fresh * draws.normal(*x.shape[1:]).to(x)
    return x


def euler(
    predict: Predict, process: Process, noise: Tensor, steps: int, bounds: Bounds = None
) -> Tensor:
    """Follow the velocity, in steps of the process's clock. Arguments as of `ddim`."""
    x = noise
    for now, after in pairwise(process.times(steps)):
        t, later = at(now, x), at(after, x)
        x = x + _elapsed(process, t, later, x) * _velocity(predict, process, x, t, bounds)
    return x


def heun(
    predict: Predict, process: Process, noise: Tensor, steps: int, bounds: Bounds = None
) -> Tensor:
    """Follow the mean of the velocities at both ends of a step: errors fall with its square.

    Karras et al. 2022 (arXiv:2206.00364), algorithm 1. The last step is Euler's: nothing is known
    of velocities at time 0. Arguments as of `ddim`.
    """
    x = noise
    for now, after in pairwise(process.times(steps)):
        t, later = at(now, x), at(after, x)
        elapsed = _elapsed(process, t, later, x)
        first = _velocity(predict, process, x, t, bounds)
        tried = x + elapsed * first
        if after == 0:
            return tried
        second = _velocity(predict, process, tried, later, bounds)
        x = x + elapsed * (first + second) / 2
    return x


def sampled(
    name: SamplerName,
    predict: Predict,
    process: Process,
    noise: Tensor,
    steps: int,
    bounds: Bounds = None,
    eta: float = 0.0,
    draws: Noise | None = None,
) -> Tensor:
    """Samples (N, ...) by the sampler of that name. Arguments as of `ddim`."""
    if name == "ddim":
        return ddim(predict, process, noise, steps, bounds, eta, draws)
    return (euler if name == "euler" else heun)(predict, process, noise, steps, bounds)


def _estimates(
    predict: Predict, process: Process, x: Tensor, t: Tensor, bounds: Bounds
) -> tuple[Tensor, Tensor]:
    """The clean sample and the noise that x_t seems to be made of."""
    clean = process.clean(x, predict(x, t), t)
    if bounds is not None:
        clean = clean.clamp(*bounds)
    return clean, process.noise(x, clean, t)


def _velocity(predict: Predict, process: Process, x: Tensor, t: Tensor, bounds: Bounds) -> Tensor:
    if bounds is None:
        return predict(x, t)
    return process.velocity(*_estimates(predict, process, x, t, bounds), t)


def _elapsed(process: Process, t: Tensor, later: Tensor, x: Tensor) -> Tensor:
    return rows(process.clock(later) - process.clock(t), x)


def _posterior_deviation(process: Process, t: Tensor, later: Tensor, x: Tensor) -> Tensor:
    """Standard deviation of x at `later`, given x at `t` and x_0 (Ho et al. 2020, equation 7)."""
    alpha, sigma = process.spread(t, x)
    alpha_later, sigma_later = process.spread(later, x)
    gained = sigma.square() - (alpha / alpha_later * sigma_later).square()
    return sigma_later / sigma * gained.clamp_min(0.0).sqrt()
