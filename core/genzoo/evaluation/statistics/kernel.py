"""The kernel distance: squared maximum mean discrepancy with a polynomial kernel."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo.evaluation.statistics.blocks import Features

DEGREE = 3
LARGEST_BLOCK = 1000
LEAST_BLOCKS = 20


def polynomial_kernel(x: Tensor, y: Tensor) -> Tensor:
    """(x·y / D + 1)³ for rows x (N, D) and y (M, D), (N, M)."""
    return (x @ y.T / x.shape[1] + 1) ** DEGREE


def squared_discrepancy(x: Tensor, y: Tensor) -> float:
    """The unbiased estimate of MMD² (Gretton et al. 2012, equation 3), from N and M rows.

    It may be negative: around zero for one distribution against itself.
    """
    n, m = len(x), len(y)
    own = _off_diagonal(polynomial_kernel(x, x)) / (n * (n - 1))
    other = _off_diagonal(polynomial_kernel(y, y)) / (m * (m - 1))
    return float(own + other - 2 * polynomial_kernel(x, y).mean())


def block_size(count: int) -> int:
    """Rows in a block: so many that there are 20 blocks, between 2 and 1,000."""
    return max(2, min(LARGEST_BLOCK, count // LEAST_BLOCKS))


def block_discrepancies(
    first: Features, second: Features, size: int, seed: int = 0
) -> NDArray[np.float64]:
    """`squared_discrepancy` of disjoint blocks of rows drawn at random (Zaremba et al. 2013).

    Each is unbiased and they are independent, so their mean has an honest interval. Memory grows
    with the square of the block's size only.

    Args:
        first: Features (N, D).
        second: Features (M, D).
        size: Rows in a block, from 2 to the lesser of N and M.
        seed: Names the order in which rows are taken.

    Returns:
        (min(N, M) // size,).
    """
    random = np.random.default_rng(seed)
    orders = [random.permutation(len(features)) for features in (first, second)]
    values = []
    for number in range(min(len(first), len(second)) // size):
        part = slice(number * size, (number + 1) * size)
        x, y = (
            torch.from_numpy(np.asarray(features[np.sort(order[part])], np.float64))
            for features, order in zip((first, second), orders, strict=True)
        )
        values.append(squared_discrepancy(x, y))
    return np.array(values)


def _off_diagonal(kernel: Tensor) -> Tensor:
    return kernel.sum() - kernel.diagonal().sum()
