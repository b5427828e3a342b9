"""Distances between samples, between two sets of them, and to the data block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

SHORT = 64.0
"""Bits of a sample below which it may come again by chance: about twelve letters."""

FEW_VALUES = 4
"""How often a value comes at least on average where values are taken from few."""


def nearest_others(rows: Tensor) -> Tensor:
    """Distance of each of the rows (n, D) to the nearest other one, (n,). At least two rows."""
    return _without_self(rows).min(1).values


def mean_distance(rows: Tensor) -> float:
    """Mean distance between two different ones of the rows (n, D)."""
    distances = torch.cdist(rows, rows)
    return float(distances.sum() / (len(rows) * (len(rows) - 1)))


def energy_distance(rows: Tensor, others: Tensor) -> float:
    """How far two sets of rows, (n, D) and (m, D), are apart: 0 for draws of one distribution.

    The energy distance of Székely and Rizzo 2013, 2 E|X - Y| - E|X - X'| - E|Y - Y'|, without bias
    and as a share of E|Y - Y'|, so that no unit of measure matters. In many dimensions it is about
    0.4 for rows that are all at the mean of the others, and grows without end further away. Also 0
    where there is nothing to compare: fewer than two rows, or others that are all alike.
    """
    if min(len(rows), len(others)) < 2:
        return 0.0
    usual = mean_distance(others)
    between = float(torch.cdist(rows, others).mean())
    return (2 * between - mean_distance(rows) - usual) / usual if usual > 0 else 0.0


def nearest_shares(
    rows: Tensor, blocks: Callable[[], Iterable[Tensor]], own: Tensor, apart: float
) -> Tensor:
    """Distance of each row to the nearest of the data, as a share of that to the next one, (n,).

    It is near 0 for a copy of one of the data, near 1 for what owes nothing to any single one, and
    1 where there is no next one.

    Args:
        rows: (n, D), at least one.
        blocks: Gives the data anew, each (m, D).
        own: Which rows are of the data themselves, (n,) bool: those are passed over for them.
        apart: What is nearer than this to one of the data counts as the same one.
    """
    first, nearest = _nearest(rows, blocks(), own, apart)
    second = torch.full_like(first, torch.inf)
    for block in blocks():
        distances = _to_others(rows, block, own, apart)
        # By the triangle inequality no other row has the same one of the data in this block.
        near = distances.min(1).values <= first + apart
        same = torch.cdist(nearest[near], block) < apart
        distances[near] = distances[near].masked_fill(same, torch.inf)
        second = torch.minimum(second, distances.min(1).values)
    return torch.where(second.isfinite(), first / second, 1.0)


def repeats_by_chance(rows: Tensor) -> bool:
    """Whether a model that knows nothing by heart makes some of the very same rows again.

    It does where rows are short and their values few, as letters are: their entropies, value by
    value, bound that of a row from above.

    Args:
        rows: Some of the data, (n, D).
    """
    values = rows.unique()
    if len(values) * FEW_VALUES > rows.numel():
        return False
    bits = 0.0
    for column in rows.T:
        shares = column.unique(return_counts=True)[1].float() / len(rows)
        bits -= float((shares * shares.log2()).sum())
        if bits >= SHORT:
            return False
    return True


def _nearest(
    rows: Tensor, blocks: Iterable[Tensor], own: Tensor, apart: float
) -> tuple[Tensor, Tensor]:
    """Distances (n,) to the nearest of the data, and those themselves (n, D)."""
    best, nearest = torch.full((len(rows),), torch.inf), rows.clone()
    for block in blocks:
        distances, where = _to_others(rows, block, own, apart).min(1)
        nearer = distances < best
        best[nearer], nearest[nearer] = distances[nearer], block[where[nearer]]
    return best, nearest


def _to_others(rows: Tensor, block: Tensor, own: Tensor, apart: float) -> Tensor:
    """Distances (n, m), infinite between a row of the data and itself."""
    distances = torch.cdist(rows, block)
    return distances.masked_fill(own[:, None] & (distances < apart), torch.inf)


def _without_self(rows: Tensor) -> Tensor:
    return torch.cdist(rows, rows).fill_diagonal_(torch.inf)
