"""The kernel distance: squared maximum mean discrepancy with a polynomial kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo import Estimate, Metric, Subject, mean_of_few
from genzoo_metrics.feature_blocks import Features, blocks
from genzoo_metrics.frechet_distance import INCEPTION
from genzoo_metrics.jackknife import GROUPS, without_groups

DEGREE = 3
LARGEST_BLOCK = 1000
LEAST_BLOCKS = 20


class KernelDistance(Metric):
    """The squared maximum mean discrepancy of features (Bińkowski et al. 2018)."""

    parameters: ClassVar[Mapping[str, Any]] = {"kernel": f"(x·y/D + 1)^{DEGREE}"}

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """The mean over disjoint blocks, as is customary, and the estimate from all pairs.

        The interval of the first is over the draw of data and samples, that of the second over the
        draw of the samples.
        """
        count = min(len(subject.real), len(subject.fake))
        values = block_discrepancies(subject.real, subject.fake, block_size(count))
        blocks = mean_of_few(values)
        pairs = without_groups(*whole_discrepancy(subject.real[:count], subject.fake[:count]))
        name = "KID" if subject.space == INCEPTION else "Kernel distance"
        return [
            Estimate(name=name, interval=blocks, better="lower"),
            Estimate(name=f"{name} of all pairs", interval=pairs, better="lower"),
        ]


def polynomial_kernel(x: Tensor, y: Tensor) -> Tensor:
    """(x·y / D + 1)³ for rows x (N, D) and y (M, D), (N, M)."""
    return (x @ y.T).div_(x.shape[1]).add_(1).pow_(DEGREE)


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


def whole_discrepancy(data: Features, samples: Features) -> tuple[float, NDArray[np.float64]]:
    """The unbiased estimate of MMD² from all pairs, as `squared_discrepancy` is, block by block.

    Args:
        data: Features (N, D), at least two.
        samples: Features (M, D), at least three.

    Returns:
        The estimate, and that without each of at most `GROUPS` groups of samples in turn, (G,).
    """
    groups = min(GROUPS, len(samples))
    within = _group_sums(data, data, 1).sum() / (len(data) * (len(data) - 1))
    own = _group_sums(samples, samples, groups)
    cross = _group_sums(data, samples, groups).sum(0)
    sizes = torch.bincount(torch.arange(len(samples)) % groups)

    def estimate(pairs: Tensor, between: Tensor, count: Tensor) -> Tensor:
        return within + pairs / (count * (count - 1)) - 2 * between / (len(data) * count)

    whole = estimate(own.sum(), cross.sum(), sizes.sum())
    # Pairs within the group are in both its row and its column.
    left = own.sum() - own.sum(0) - own.sum(1) + own.diagonal()
    without = estimate(left, cross.sum() - cross, len(samples) - sizes)
    return float(whole), without.numpy()


def _group_sums(first: Features, second: Features, groups: int) -> Tensor:
    """Sums of the kernel between groups of rows, (groups, groups) float64.

    Row i is in group i modulo `groups`. Of one and the same array, rows are not paired with
    themselves, and pairs are computed once for both orders.
    """
    same = first is second
    sums = torch.zeros(groups, groups, dtype=torch.float64)
    for top, x in blocks(first, torch.float64):
        for left, y in blocks(second, torch.float64):
            if same and left < top:
                continue
            kernel = polynomial_kernel(x, y)
            if same and left == top:
                kernel.fill_diagonal_(0)
            part = _members(top, len(x), groups) @ kernel @ _members(left, len(y), groups).T
            sums += part
            if same and left > top:
                sums += part.T
    return sums


def _members(start: int, count: int, groups: int) -> Tensor:
    """Which of the rows from `start` on are in each group, (groups, count)."""
    own = torch.arange(start, start + count) % groups
    return (own == torch.arange(groups).unsqueeze(1)).double()


def _off_diagonal(kernel: Tensor) -> Tensor:
    return kernel.sum() - kernel.diagonal().sum()
