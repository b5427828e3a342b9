"""Whether samples are copies of the training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from genzoo import (
    Estimate,
    Interval,
    Metric,
    Subject,
    bootstrap_mean,
    repeats_by_chance,
    share,
)
from genzoo_metrics.neighbours import nearest

Distances = NDArray[np.float64]

LOOKED_AT = 256
"""Items of the data by which it is told whether they are short."""


class Memorisation(Metric):
    """How near samples are to the training data, beside how near others like those are.

    The others are held-out ones; without any, each of the training data stands for one that was
    left out of them.
    """

    parameters: ClassVar[Mapping[str, Any]] = {"ratio": 1 / 3}

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """The share of copies, and how often a sample is nearer than another."""
        count = min(len(subject.real), len(subject.fake))
        fake, _ = nearest(subject.fake[:count], subject.real, 2)
        other = _other_distances(subject, count)
        copied, natural = self._copies(fake), self._copies(other)
        copies, usual = share(copied), share(natural)
        items = subject.data.kind.array
        by_chance = subject.unseen is None and _repeats_by_chance(subject)
        nearer = bootstrap_mean(nearer_than(fake[:, 0], other[:, 0]))
        return [
            Estimate(
                name="Copies",
                interval=copies,
                better="lower",
                warnings=() if by_chance else _copying(copies, usual, items),
            ),
            Estimate(
                name="Nearer than others",
                interval=nearer,
                better="neither",
                warnings=() if by_chance else _crowding(nearer, items),
            ),
        ]

    def _copies(self, distances: Distances) -> Distances:
        """1 where one of the training data is by far the nearest (Yoon et al. 2023), (N,)."""
        copies = distances[:, 0] < self.parameters["ratio"] * distances[:, 1]
        return copies.astype(np.float64)


def nearer_than(samples: Distances, others: Distances) -> Distances:
    """For each sample the share of others that are farther; ties count half, (N,).

    Its mean is the statistic of Mann and Whitney that Meehan et al. 2020 detect copying with:
    one half where samples are as near as others like the data are.
    """
    ordered = np.sort(others)
    below = np.searchsorted(ordered, samples, "left")
    upto = np.searchsorted(ordered, samples, "right")
    return 1 - (below + upto) / (2 * len(ordered))


def _other_distances(subject: Subject, count: int) -> Distances:
    if subject.unseen is not None:
        return nearest(subject.unseen[:count], subject.real, 2)[0]
    return nearest(subject.real[:count], subject.real, 2, exclude_self=True)[0]


def _repeats_by_chance(subject: Subject) -> bool:
    """Whether samples are so short that equal ones tell nothing without held-out data."""
    x, _ = subject.images(range(min(LOOKED_AT, len(subject.order))))
    return repeats_by_chance(x.flatten(1).cpu())


def _copying(copies: Interval, usual: Interval, items: str) -> tuple[str, ...]:
    error = float(np.hypot(copies.error, usual.error))
    if copies.value <= usual.value or copies.value - usual.value < 3 * error:
        return ()
    return (
        f"The model copies training {items}: {copies.value:.1%} of samples lie at one of them, "
        f"{usual.value:.1%} of other {items} do.",
    )


def _crowding(nearer: Interval, items: str) -> tuple[str, ...]:
    if nearer.low <= 0.6:
        return ()
    return (
        f"Samples lie nearer to training {items} than other {items} do: they are copies, or vary "
        "less than the data.",
    )
