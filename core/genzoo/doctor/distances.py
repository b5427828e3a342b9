"""Distances between samples, and to the data block by block."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def nearest_others(rows: Tensor) -> Tensor:
    """Distance of each of the rows (n, D) to the nearest other one, (n,). At least two rows."""
    return _without_self(rows).min(1).values


def mean_distance(rows: Tensor) -> float:
    """Mean distance between two different ones of the rows (n, D)."""
    distances = torch.cdist(rows, rows)
    return float(distances.sum() / (len(rows) * (len(rows) - 1)))


def nearest_of(rows: Tensor, blocks: Iterable[Tensor], apart: float = 0.0) -> Tensor:
    """Distance of each of the rows (n, D) to the nearest of all blocks, (n,).

    Args:
        rows: At least one.
        blocks: Each (m, D).
        apart: What is nearer than this counts as the row itself, and is passed over.
    """
    best = torch.full((len(rows),), torch.inf)
    for block in blocks:
        distances = torch.cdist(rows, block)
        distances[distances < apart] = torch.inf
        best = torch.minimum(best, distances.min(1).values)
    return best


def _without_self(rows: Tensor) -> Tensor:
    return torch.cdist(rows, rows).fill_diagonal_(torch.inf)
