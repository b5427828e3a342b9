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


def two_nearest(rows: Tensor, blocks: Iterable[Tensor]) -> Tensor:
    """Distances of the rows (n, D) to the nearest and second nearest of all blocks, (n, 2).

    Infinite where the blocks hold fewer rows.
    """
    best = torch.full((len(rows), 2), torch.inf)
    for block in blocks:
        candidates = torch.cat([best, torch.cdist(rows, block)], 1)
        best = candidates.topk(2, dim=1, largest=False).values
    return best


def _without_self(rows: Tensor) -> Tensor:
    return torch.cdist(rows, rows).fill_diagonal_(torch.inf)
