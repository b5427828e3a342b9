"""Precision, recall, density and coverage: balls around points stand for where data lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo import Estimate, Metric, Model, Subject, bootstrap_mean, share
from genzoo_metrics.feature_blocks import Features
from genzoo_metrics.jackknife import GROUPS, share_of_dependent
from genzoo_metrics.neighbours import distance_blocks, nearest, radii

Flags = NDArray[np.float64]
Rows = NDArray[np.int64]

LEAST = 8
"""Samples and images that a class needs to be judged."""


class PrecisionRecall(Metric):
    """Improved precision and recall (Kynkäänniemi et al. 2019)."""

    parameters: ClassVar[Mapping[str, Any]] = {"k": 3}

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """Intervals are over the draw of the samples; the data is taken as it is."""
        count = min(len(subject.real), len(subject.fake))
        found = overlap(subject.real[:count], subject.fake[:count], self.parameters["k"])
        return [
            Estimate(name="Precision", interval=share(found.precision), better="higher"),
            Estimate(
                name="Recall",
                interval=share_of_dependent(found.recall, found.recall_without),
                better="higher",
            ),
        ]


class DensityCoverage(Metric):
    """Density and coverage (Naeem et al. 2020)."""

    parameters: ClassVar[Mapping[str, Any]] = {"k": 5}

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """Intervals are over the draw of the samples; the data is taken as it is."""
        count = min(len(subject.real), len(subject.fake))
        found = overlap(subject.real[:count], subject.fake[:count], self.parameters["k"])
        return [
            Estimate(name="Density", interval=bootstrap_mean(found.density), better="higher"),
            Estimate(
                name="Coverage",
                interval=share_of_dependent(found.coverage, found.coverage_without),
                better="higher",
            ),
        ]


class ClassOverlap(Metric):
    """Improved precision and recall within each class (Kynkäänniemi et al. 2019)."""

    parameters: ClassVar[Mapping[str, Any]] = {"k": 3}

    def applies(self, model: Model) -> bool:
        """Models with classes."""
        return model.sample_spec.conditional

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """Two numbers for each class that has enough samples and images."""
        given = subject.sample_labels(0, len(subject.fake))
        known = subject.real_labels
        assert given is not None
        assert known is not None
        estimates: list[Estimate] = []
        for number, name in enumerate(subject.model.sample_spec.classes):
            real, fake = np.flatnonzero(known == number), np.flatnonzero(given.numpy() == number)
            count = min(len(real), len(fake))
            if count >= LEAST:
                estimates += self._class(subject, name, real[:count], fake[:count])
        return estimates

    def _class(
        self, subject: Subject, name: str, real: NDArray[np.int64], fake: NDArray[np.int64]
    ) -> list[Estimate]:
        found = overlap(subject.real[real], subject.fake[fake], self.parameters["k"])
        return [
            Estimate(name=f"Precision of {name}", interval=share(found.precision), better="higher"),
            Estimate(
                name=f"Recall of {name}",
                interval=share_of_dependent(found.recall, found.recall_without),
                better="higher",
            ),
        ]


@dataclass(frozen=True)
class Overlap:
    """What each point says about two sets of features.

    Attributes:
        precision: For each sample, 1 if it lies in the ball of some real point, (M,).
        recall: For each real point, 1 if it lies in the ball of some sample, (N,).
        density: For each sample, how many balls of real points hold it, divided by k, (M,).
        coverage: For each real point, 1 if its own ball holds a sample, (N,).
        recall_without: The mean of `recall` without each group of samples in turn, at most
            `GROUPS`, (G,).
        coverage_without: The mean of `coverage`, likewise.
    """

    precision: Flags
    recall: Flags
    density: Flags
    coverage: Flags
    recall_without: Flags
    coverage_without: Flags


def overlap(real: Features, fake: Features, k: int) -> Overlap:
    """Compare samples with real points in balls that reach to the `k`-th neighbour.

    Precision and recall are those of Kynkäänniemi et al. 2019 (arXiv:1904.06991, equation 2),
    density and coverage those of Naeem et al. 2020 (arXiv:2002.09797, equations 3 and 4).

    Args:
        real: Features (N, D), more than `k`.
        fake: Features (M, D), more than `k`.
        k: Which neighbour of its own set a point's ball reaches to.
    """
    real_radius, balls = radii(real, k).square(), _Balls(fake, k)
    held = torch.zeros(len(fake), dtype=torch.int64)
    recalled, covered = (torch.zeros(balls.groups, len(real)) for _ in range(2))
    grown = torch.zeros(balls.groups, len(real), dtype=torch.bool)
    for block in distance_blocks(fake, real):
        rows, columns = block.rows, block.columns
        inside = block.within(real_radius[columns])
        held[rows] += inside.sum(1)
        covered[:, columns] += balls.by_group(rows, inside)
        recalled[:, columns] += balls.by_group(rows, block.within(balls.reach(rows)))
        for left_out, reach in balls.grown(rows):
            grown[:, columns] |= left_out @ block.within(reach).float() > 0
    return Overlap(
        precision=(held > 0).double().numpy(),
        recall=(recalled.sum(0) > 0).double().numpy(),
        density=(held.double() / k).numpy(),
        coverage=(covered.sum(0) > 0).double().numpy(),
        recall_without=_shares(_without(recalled) | grown),
        coverage_without=_shares(_without(covered)),
    )


class _Balls:
    """Balls around samples, and how they grow as each group of samples is left out in turn.

    Row i is in group i modulo `groups`. Leaving a group out changes the balls of those samples
    only that have one of the group among their `k` nearest.
    """

    def __init__(self, features: Features, k: int) -> None:
        self.groups = min(GROUPS, len(features))
        self._k = k
        # So many that hardly ever too few of them are left without one group.
        distances, neighbours = nearest(
            features, features, min(3 * k, len(features) - 1), exclude_self=True
        )
        self._squares = torch.from_numpy(distances).square()
        self._near = torch.from_numpy(neighbours) % self.groups
        self._own = torch.arange(len(features)) % self.groups

    def reach(self, rows: slice) -> Tensor:
        """Squared radii with all samples, (R, 1)."""
        return self._squares[rows, self._k - 1, None]

    def by_group(self, rows: slice, flags: Tensor) -> Tensor:
        """How many of the flagged rows (R, C) are in each group, (G, C)."""
        return self._members(self._own[rows]) @ flags.float()

    def grown(self, rows: slice) -> list[tuple[Tensor, Tensor]]:
        """For each of a sample's nearest: the group left out with it, and the squared radii then.

        Groups as an indicator (G, R), without the samples that are left out themselves; radii as
        (R, 1), to the last neighbour known where too few are left.
        """
        near, own, last = self._near[rows], self._own[rows], self._near.shape[1] - 1
        found = []
        for nth in range(self._k):
            left_out = near[:, nth]
            kept = (near != left_out.unsqueeze(1)).cumsum(1) >= self._k
            place = torch.where(kept[:, -1], kept.int().argmax(1), last)
            indicator = self._members(left_out) * (left_out != own)
            found.append((indicator, self._squares[rows].gather(1, place.unsqueeze(1))))
        return found

    def _members(self, groups: Tensor) -> Tensor:
        return (groups == torch.arange(self.groups).unsqueeze(1)).float()


def _without(counts: Tensor) -> Tensor:
    """Whether any is left without each group, given how many there are of each (G, N)."""
    return counts.sum(0) - counts > 0


def _shares(flags: Tensor) -> Flags:
    return np.asarray(flags.double().mean(1).numpy())
