"""Metrics of each class by itself, for models with classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from genzoo.evaluation.metric import Estimate, Metric
from genzoo.evaluation.statistics.bootstrap import share, share_of_dependent
from genzoo.evaluation.statistics.manifold import overlap
from genzoo.evaluation.subject import Subject
from genzoo.model.model import Model

Rows = NDArray[np.int64]

LEAST = 8
"""Samples and images that a class needs to be judged."""


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

    def _class(self, subject: Subject, name: str, real: Rows, fake: Rows) -> list[Estimate]:
        found = overlap(subject.real[real], subject.fake[fake], self.parameters["k"])
        return [
            Estimate(name=f"Precision of {name}", interval=share(found.precision), better="higher"),
            Estimate(
                name=f"Recall of {name}",
                interval=share_of_dependent(found.recall, found.recall_without),
                better="higher",
            ),
        ]
