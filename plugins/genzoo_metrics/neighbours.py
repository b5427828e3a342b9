"""Distances between sets of features, block by block: never all of them in memory.

A product of matrices gives all squared distances of a block quickly, but for rounding, which in
sets with equal rows decides what is a neighbour. So wherever rounding could decide, the distance is
computed anew from the differences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo_metrics.feature_blocks import Features, blocks

COLUMNS = 2048
"""Distances held at once: a block's rows times this."""

ENOUGH = 1024
"""Rows that tell well enough where features lie."""

TIE = 1e-9
"""Squared distances that differ by less than this share of them count as equal.

Features in single precision are coarser. Sums of the same squares in another order are not.
"""

SPARE = 8
"""Candidates for the nearest beyond those asked for, among which rounding may choose wrongly."""

PAIRS = 1 << 20
"""Values of differences held at once."""


@dataclass(frozen=True)
class Block:
    """Squared distances between some rows of `points` and some of `centres`.

    Attributes:
        points: All features (N, D).
        centres: All others (M, D).
        names: A number for each of `points` and of `centres`, (N,) and (M,): equal where all
            values are.
        rows: Which of `points`.
        columns: Which of `centres`.
        squares: Squared distances, (R, C) float64, rounded.
        slack: How far rounding may have moved them.
    """

    points: Features
    centres: Features
    names: tuple[Tensor, Tensor]
    rows: slice
    columns: slice
    squares: Tensor
    slack: float

    def within(self, limit: Tensor) -> Tensor:
        """Whether each squared distance is at most `limit`, (R, 1) or (C,), or ties with it.

        Returns:
            (R, C) bool, as exact arithmetic has it.
        """
        limit = limit * (1 + TIE)
        inside = self.squares <= limit - self.slack
        doubtful = (self.squares <= limit + self.slack).logical_xor_(inside)
        if doubtful.any():
            row, column = doubtful.nonzero(as_tuple=True)
            reach = limit.expand(inside.shape)[row, column]
            inside[row, column] = self._exact(row, column) <= reach
        return inside

    def _exact(self, row: Tensor, column: Tensor) -> Tensor:
        """Squared distances of pairs from the differences, (P,)."""
        row, column = row + self.rows.start, column + self.columns.start
        squares = torch.zeros(len(row), dtype=torch.float64)
        # A collapsed generator makes the same sample over and over.
        other = self.names[0][row] != self.names[1][column]
        squares[other] = squares_of(
            self.points, self.centres, row[other].numpy(), column[other].numpy()
        )
        return squares


def distance_blocks(
    points: Features, centres: Features, exclude_self: bool = False
) -> Iterator[Block]:
    """The (N, M) squared distances; the columns of one block of rows come in succession.

    Args:
        points: Features (N, D).
        centres: Features (M, D).
        exclude_self: Row i of both is the same; its distance to itself counts as infinite.
    """
    # Distances do not change, but small numbers lose less in the products below.
    middle = torch.from_numpy(np.array(centres[:ENOUGH])).double().mean(0)
    unit = (points.shape[1] + 8) * torch.finfo(torch.float64).eps
    names = _names(points, centres)
    for top, rows in blocks(points, torch.float64):
        x = rows - middle
        length = x.square().sum(1, keepdim=True)
        for left, columns in blocks(centres, torch.float64, COLUMNS):
            y = columns - middle
            size = y.square().sum(1)
            slack = unit * float(length.max() + size.max())
            squares = torch.addmm(size, x, y.T, alpha=-2).add_(length)
            if exclude_self:
                _set_own(squares, top - left)
            part, place = slice(top, top + len(x)), slice(left, left + len(y))
            yield Block(points, centres, names, part, place, squares, slack)


def squares_of(
    points: Features, centres: Features, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> Tensor:
    """Squared distances of pairs, from the differences, (P,) float64.

    Args:
        points: Features (N, D).
        centres: Features (M, D).
        rows: Indices of `points`, (P,).
        columns: Indices of `centres`, (P,).
    """
    squares = torch.empty(len(rows), dtype=torch.float64)
    step = max(1, PAIRS // points.shape[1])
    for first in range(0, len(rows), step):
        some = slice(first, first + step)
        x, y = (
            torch.from_numpy(np.asarray(features[index[some]], np.float64))
            for features, index in ((points, rows), (centres, columns))
        )
        squares[some] = (x - y).square().sum(1)
    return squares


def nearest(
    points: Features, centres: Features, k: int, exclude_self: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distances to the `k` nearest centres and their indices, ascending, each (N, k).

    Distances are computed from the differences, so that a copy is at distance zero.

    Args:
        points: Features (N, D).
        centres: Features (M, D).
        k: At most M, or M - 1 with `exclude_self`.
        exclude_self: Row i of both is the same, and not its own neighbour.
    """
    there = len(centres) - exclude_self
    index, unseen = _candidates(points, centres, min(k + SPARE, there), exclude_self)
    rows = np.arange(len(points)).repeat(index.shape[1])
    squares = squares_of(points, centres, rows, index.ravel()).numpy().reshape(index.shape)
    squares, index = _first(squares, index, k)
    if there > k + SPARE:
        # Another than the candidates may be nearer, where rounding is large beside the distance.
        last = squares[:, -1]
        for row in np.flatnonzero((unseen < last * (1 - TIE)) & (last > 0)):
            squares[row], index[row] = _exactly(points, centres, int(row), k, exclude_self)
    return np.sqrt(squares), index


def radii(features: Features, k: int) -> Tensor:
    """The distance of each row to its `k`-th nearest other row, (N,) float64."""
    return torch.from_numpy(nearest(features, features, k, exclude_self=True)[0][:, -1].copy())


def _candidates(
    points: Features, centres: Features, count: int, exclude_self: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Indices (N, count) of centres that are nearest but for rounding, in any order.

    The others' squared distances are at least the second result, (N,).
    """
    best = torch.full((len(points), count), torch.inf, dtype=torch.float64)
    index = torch.zeros(len(points), count, dtype=torch.int64)
    slack = torch.zeros(len(points), dtype=torch.float64)
    for block in distance_blocks(points, centres, exclude_self):
        rows, squares = block.rows, block.squares
        found, where = squares.topk(min(count, squares.shape[1]), dim=1, largest=False)
        values = torch.cat([best[rows], found], 1)
        indices = torch.cat([index[rows], where + block.columns.start], 1)
        best[rows], order = values.topk(count, dim=1, largest=False)
        index[rows] = indices.gather(1, order)
        slack[rows] = slack[rows].clamp_min(block.slack)
    return index.numpy(), (best.amax(1) - slack).numpy()


def _exactly(
    points: Features, centres: Features, row: int, k: int, exclude_self: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Squared distances and indices, (k,) each, of one row, all from the differences."""
    every = np.arange(len(centres))
    squares = squares_of(points, centres, np.full(len(every), row), every).numpy()
    if exclude_self:
        squares[row] = np.inf
    squares, every = _first(squares[None], every[None], k)
    return squares[0], every[0]


def _first(
    squares: NDArray[np.float64], index: NDArray[np.int64], k: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The `k` least of each row with their indices, ascending."""
    order = np.argsort(squares, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(squares, order, 1), np.take_along_axis(index, order, 1)


def _names(points: Features, centres: Features) -> tuple[Tensor, Tensor]:
    """A number for each row of the two, (N,) and (M,): equal where all values are."""
    known: dict[bytes, int] = {}

    def name(row: NDArray[np.floating]) -> int:
        # Adding zero makes 0 of -0.
        content = blake2b((np.asarray(row, np.float64) + 0.0).tobytes(), digest_size=16).digest()
        return known.setdefault(content, len(known))

    first, second = (
        torch.tensor([name(row) for row in features], dtype=torch.int64)
        for features in (points, centres)
    )
    return first, second


def _set_own(squares: Tensor, offset: int) -> None:
    """Make the distance of row i to column i + offset infinite."""
    rows = torch.arange(len(squares))
    columns = rows + offset
    inside = (columns >= 0) & (columns < squares.shape[1])
    squares[rows[inside], columns[inside]] = torch.inf
