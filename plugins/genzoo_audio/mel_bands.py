"""The mel scale, as numpy arrays. Imports no torch."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


def to_mel(hertz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Hertz as mels: 2595 log10(1 + f / 700) (O'Shaughnessy 1987)."""
    return 2595.0 * np.log10(1.0 + np.asarray(hertz, np.float64) / 700.0)


def from_mel(mels: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Mels as hertz."""
    return 700.0 * (10.0 ** (np.asarray(mels, np.float64) / 2595.0) - 1.0)


@lru_cache(maxsize=32)
def mel_filters(rate: int, size: int, bands: int) -> NDArray[np.float32]:
    """Triangular filters, evenly spaced in mels from 0 to half the rate, each of peak 1.

    Where a triangle is narrower than a bin it is widened to one, so that no band is empty.

    Args:
        rate: Samples a second.
        size: Length of the Fourier transform.
        bands: How many.

    Returns:
        (bands, size // 2 + 1).
    """
    bins = np.arange(size // 2 + 1) * rate / size
    edges = from_mel(np.linspace(0.0, float(to_mel(rate / 2)), bands + 2))
    middles = edges[1:-1, None]
    reaches = np.maximum(np.diff(edges), rate / size)[:, None]
    below = 1.0 - (middles - bins) / reaches[:-1]
    above = 1.0 - (bins - middles) / reaches[1:]
    filters = np.maximum(np.where(bins <= middles, below, above), 0.0)
    return filters.astype(np.float32)
