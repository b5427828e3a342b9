"""Whether intervals of metrics are as wide as the numbers spread.

python benchmarks/intervals.py [--seeds 80]

Samples of a toy distribution with two modes are drawn anew for each seed, the data being as it is.
A ratio above 1 means that intervals are too narrow.
"""

from __future__ import annotations

import argparse
from statistics import fmean, stdev

import numpy as np
from numpy.typing import NDArray

from genzoo import Interval, bootstrap_mean, mean_of_few, share
from genzoo_metrics.jackknife import share_of_dependent, without_groups
from genzoo_metrics.kernel_distance import block_discrepancies, block_size, whole_discrepancy
from genzoo_metrics.overlap import overlap

COUNT = 500
DIMENSIONS = 8
WIDER = 1.1
"""How much wider the modes of samples are than those of the data."""


def draw(seed: int, width: float = 1.0) -> NDArray[np.float32]:
    """Points (`COUNT`, `DIMENSIONS`) around 2 and -2 on the first axis."""
    random = np.random.default_rng(seed)
    side = np.where(random.random(COUNT) < 0.5, 2.0, -2.0)
    points = width * random.normal(size=(COUNT, DIMENSIONS))
    points[:, 0] += side
    return points.astype(np.float32)


def intervals(real: NDArray[np.float32], fake: NDArray[np.float32]) -> dict[str, Interval]:
    """As the metrics have them."""
    near, dense = overlap(real, fake, 3), overlap(real, fake, 5)
    return {
        "precision": share(near.precision),
        "recall": share_of_dependent(near.recall, near.recall_without),
        "density": bootstrap_mean(dense.density),
        "coverage": share_of_dependent(dense.coverage, dense.coverage_without),
        "kernel distance": mean_of_few(block_discrepancies(real, fake, block_size(COUNT))),
        "of all pairs": without_groups(*whole_discrepancy(real, fake)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=80)
    options = parser.parse_args()
    real = draw(0)
    found = [intervals(real, draw(1 + seed, WIDER)) for seed in range(options.seeds)]
    for name in found[0]:
        spread = stdev(each[name].value for each in found)
        error = fmean(each[name].error for each in found)
        print(f"{name:16} spread {spread:.4f}  standard error {error:.4f}  {spread / error:.2f}")


if __name__ == "__main__":
    main()
