"""Points to begin with: small data sets that show at a glance what a flow has learned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genzoo import RawSamples

COUNT = 8000
NOISE = 0.06


def two_moons() -> RawSamples:
    """Two half circles that reach into each other; each is a class."""
    rng = np.random.default_rng(0)
    labels = np.arange(COUNT) % 2
    angles = np.pi * rng.random(COUNT)
    upper = on_circle(angles) + np.array([-0.5, -0.25])
    lower = on_circle(-angles) + np.array([0.5, 0.25])
    return points(np.where(labels[:, None] == 0, upper, lower), labels, ("upper", "lower"), rng)


def rings() -> RawSamples:
    """Three circles around one centre; each is a class, and the outer ones have more points."""
    rng = np.random.default_rng(1)
    labels = rng.choice(3, COUNT, p=[1 / 6, 2 / 6, 3 / 6])
    places = (labels[:, None] + 1) / 2 * on_circle(2 * np.pi * rng.random(COUNT))
    return points(places, labels, ("inner", "middle", "outer"), rng)


def on_circle(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places on the unit circle, (N, 2)."""
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def points(
    places: NDArray[np.float64],
    labels: NDArray[np.int64],
    classes: tuple[str, ...],
    rng: np.random.Generator,
) -> RawSamples:
    """Places (N, 2) shaken a little."""
    shaken = places + NOISE * rng.standard_normal(places.shape)
    return RawSamples(shaken.astype(np.float32), labels, classes)
