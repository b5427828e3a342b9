"""Distances between sets of features, block by block: never all of them in memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo.evaluation.statistics.blocks import Features, blocks

COLUMNS = 8192
"""Distances held at once: a block's rows times this."""

ENOUGH = 1024
"""Rows that tell well enough where features lie."""


def squared_distances(
    points: Features, centres: Features, dtype: torch.dtype, exclude_self: bool = False
) -> Iterator[tuple[slice, slice, Tensor]]:
    """Blocks of the (N, M) squared distances, with the rows and columns each stands for.

    The columns of one block of rows come in succession.

    Args:
        points: Features (N, D).
        centres: Features (M, D).
        dtype: To compute in.
        exclude_self: Row i of both is the same; its distance to itself counts as infinite.
    """
    # Distances do not change, but small numbers lose less in the products below.
    middle = torch.from_numpy(np.array(centres[:ENOUGH])).to(dtype).mean(0)
    for top, rows in blocks(points, dtype):
        x = rows - middle
        length = x.square().sum(1, keepdim=True)
        for left, columns in blocks(centres, dtype, COLUMNS):
            y = columns - middle
            squares = torch.addmm(y.square().sum(1), x, y.T, alpha=-2).add_(length).clamp_min_(0)
            if exclude_self:
                _set_own(squares, top - left)
            yield slice(top, top + len(x)), slice(left, left + len(y)), squares


def nearest(
    points: Features, centres: Features, k: int, exclude_self: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distances to the `k` nearest centres and their indices, ascending, each (N, k).

    Candidates are found in float32; the distances of those kept are computed anew from the
    differences, so that a copy is at distance zero.

    Args:
        points: Features (N, D).
        centres: Features (M, D).
        k: At most M, or M - 1 with `exclude_self`.
        exclude_self: Row i of both is the same, and not its own neighbour.
    """
    best = torch.full((len(points), k), torch.inf)
    index = torch.zeros(len(points), k, dtype=torch.int64)
    for rows, columns, squares in squared_distances(points, centres, torch.float32, exclude_self):
        found, where = squares.topk(min(k, squares.shape[1]), dim=1, largest=False)
        values = torch.cat([best[rows], found], 1)
        indices = torch.cat([index[rows], where + columns.start], 1)
        best[rows], order = values.topk(k, dim=1, largest=False)
        index[rows] = indices.gather(1, order)
    return _exactly(points, centres, index.numpy())


def radii(features: Features, k: int) -> Tensor:
    """The distance of each row to its `k`-th nearest other row, (N,) float64."""
    return torch.from_numpy(nearest(features, features, k, exclude_self=True)[0][:, -1].copy())


def _exactly(
    points: Features, centres: Features, index: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    distances = np.empty(index.shape)
    for first, rows in blocks(points, torch.float64, 256):
        part = slice(first, first + len(rows))
        others = torch.from_numpy(np.asarray(centres[index[part].ravel()], np.float64))
        differences = rows.unsqueeze(1) - others.view(*index[part].shape, -1)
        distances[part] = differences.square().sum(2).sqrt().numpy()
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(distances, order, 1), np.take_along_axis(index, order, 1)


def _set_own(squares: Tensor, offset: int) -> None:
    """Make the distance of row i to column i + offset infinite."""
    rows = torch.arange(len(squares))
    columns = rows + offset
    inside = (columns >= 0) & (columns < squares.shape[1])
    squares[rows[inside], columns[inside]] = torch.inf
