"""Precision, recall, density and coverage: balls around points stand for where data lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from genzoo.evaluation.statistics.blocks import Features
from genzoo.evaluation.statistics.neighbours import radii, squared_distances

Flags = NDArray[np.float64]


@dataclass(frozen=True)
class Overlap:
    """What each point says about two sets of features.

    Attributes:
        precision: For each sample, 1 if it lies in the ball of some real point, (M,).
        recall: For each real point, 1 if it lies in the ball of some sample, (N,).
        density: For each sample, how many balls of real points hold it, divided by k, (M,).
        coverage: For each real point, 1 if its own ball holds a sample, (N,).
    """

    precision: Flags
    recall: Flags
    density: Flags
    coverage: Flags


def overlap(real: Features, fake: Features, k: int) -> Overlap:
    """Compare samples with real points in balls that reach to the `k`-th neighbour.

    Precision and recall are those of Kynkäänniemi et al. 2019 (arXiv:1904.06991, equation 2),
    density and coverage those of Naeem et al. 2020 (arXiv:2002.09797, equations 3 and 4).

    Args:
        real: Features (N, D), more than `k`.
        fake: Features (M, D), more than `k`.
        k: Which neighbour of its own set a point's ball reaches to.
    """
    dtype = torch.float64 if real.dtype == np.float64 else torch.float32
    real_radius, fake_radius = radii(real, k).square(), radii(fake, k).square()
    held = torch.zeros(len(fake), dtype=torch.int64)
    recalled = torch.zeros(len(real), dtype=torch.bool)
    covered = torch.zeros(len(real), dtype=torch.bool)
    for rows, columns, squares in squared_distances(fake, real, dtype):
        inside = squares <= real_radius[columns]
        held[rows] += inside.sum(1)
        covered[columns] |= inside.any(0)
        recalled[columns] |= (squares <= fake_radius[rows].unsqueeze(1)).any(0)
    return Overlap(
        precision=(held > 0).double().numpy(),
        recall=recalled.double().numpy(),
        density=(held.double() / k).numpy(),
        coverage=covered.double().numpy(),
    )
