"""Points to begin with: they show at a glance what a flow has learned."""

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
    places = np.where(labels[:, None] == 0, upper, lower)
    shaken = places + NOISE * rng.standard_normal(places.shape)
    return RawSamples(shaken.astype(np.float32), labels, ("upper", "lower"))


def on_circle(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places on the unit circle, (N, 2)."""
    return np.stack([np.cos(angles), np.sin(angles)], 1)
