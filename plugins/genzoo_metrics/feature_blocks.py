"""Walking over feature arrays in pieces, so that memory does not grow with their length."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Features = NDArray[np.float32] | NDArray[np.float64]
"""Features (N, D), in memory or mapped from a file."""

ROWS = 2048
"""Rows held at once."""


def blocks(
    features: Features, dtype: torch.dtype, rows: int = ROWS
) -> Iterator[tuple[int, Tensor]]:
    """Pieces of `features` with the number of their first row, each (at most `rows`, D)."""
    for first in range(0, len(features), rows):
        # A copy, as a piece of a read-only map cannot be the memory of a tensor.
        piece = torch.from_numpy(np.array(features[first : first + rows]))
        yield first, piece.to(dtype)
