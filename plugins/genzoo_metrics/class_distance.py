"""The Fréchet distance within each class, for models that are told the class."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from genzoo import Estimate, Interval, Metric, Model, Subject, bootstrap_mean
from genzoo_metrics.feature_blocks import Features
from genzoo_metrics.frechet_distance import (
    INCEPTION,
    fit_gaussian,
    frechet_distance,
    frechet_influence,
    square_root,
)

LEAST = 8
"""Samples and images that a class needs to be judged."""


class ClassDistance(Metric):
    """Mean of the Fréchet distances of the classes (Miyato and Koyama 2018, intra-FID)."""

    def applies(self, model: Model) -> bool:
        """Models with classes."""
        return model.sample_spec.conditional

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """The mean, then each class that has enough samples and images, against all its images."""
        given, known = subject.sample_labels(0, len(subject.fake)), subject.real_labels
        assert given is not None
        assert known is not None
        found: dict[str, Interval] = {}
        few, skipped = 0, []
        for number, name in enumerate(subject.model.sample_spec.classes):
            real, fake = np.flatnonzero(known == number), np.flatnonzero(given.numpy() == number)
            if min(len(real), len(fake)) < LEAST:
                skipped.append(name)
                continue
            found[name] = class_distance(subject.real[real], subject.fake[fake])
            few += min(len(real), len(fake)) < subject.real.shape[1]
        if not found:
            return []
        name = "FID" if subject.space == INCEPTION else "Fréchet distance"
        mean = _mean(list(found.values()))
        warnings = _warnings(few, len(found), skipped, subject.real.shape[1])
        return [
            Estimate(name=f"Intra-class {name}", interval=mean, better="lower", warnings=warnings),
            *(
                Estimate(name=f"{name} of {label}", interval=interval, better="lower")
                for label, interval in found.items()
            ),
        ]


def class_distance(real: Features, fake: Features) -> Interval:
    """The Fréchet distance of features (N, D) from (M, D), whose draw the interval is over."""
    data, samples = fit_gaussian(real), fit_gaussian(fake)
    root = square_root(data.covariance)
    value = frechet_distance(data, samples, root)
    spread = bootstrap_mean(frechet_influence(data, samples, fake, root))
    low, high = (value + end - spread.value for end in (spread.low, spread.high))
    return Interval(value, low, high, spread.error)


def _mean(intervals: Sequence[Interval]) -> Interval:
    """The mean of independent estimates."""
    count = len(intervals)
    value = sum(one.value for one in intervals) / count
    below = math.hypot(*(one.value - one.low for one in intervals)) / count
    above = math.hypot(*(one.high - one.value for one in intervals)) / count
    error = math.hypot(*(one.error for one in intervals)) / count
    return Interval(value, value - below, value + above, error)


def _warnings(few: int, judged: int, skipped: Sequence[str], dimensions: int) -> tuple[str, ...]:
    texts = []
    if few:
        texts.append(
            f"{few} of {judged} classes have fewer images or samples than the {dimensions} "
            "features: their distances are too high. Compare them at the same counts only."
        )
    if skipped:
        texts.append(f"Too little to judge {', '.join(skipped[:5])}: fewer than {LEAST} of each.")
    return tuple(texts)
