"""How well texts come back, and how new they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genzoo import Estimate, Interval, Metric, Model, Subject, bootstrap_mean, share

Text = tuple[int, ...]
"""The tokens of a text, without its end."""

NEW, DISTINCT = "New", "Distinct"
LEAST_HITS = 5
"""Held-out texts that must be met before a ratio to them says anything."""


class TextReconstruction(Metric):
    """Whether texts come back as they were when encoded and decoded again."""

    parameters: ClassVar[Mapping[str, Any]] = {"texts": 2000}

    def applies(self, model: Model) -> bool:
        """Models with an encoder."""
        return model.can_encode

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """The share that is exact, and how many edits of a text's length the others need."""
        count = min(self.parameters["texts"], len(subject.data))
        exact, edits = subject.rows(self, count, "Reconstructions").T
        return [
            Estimate(name="Exact reconstructions", interval=share(exact), better="higher"),
            Estimate(name="Edit distance", interval=bootstrap_mean(edits), better="lower"),
        ]

    def rows(self, subject: Subject, numbers: range) -> NDArray[np.float64]:
        """Whether a text is exact, and its edits as a share of its length, (n, 2)."""
        x, labels = subject.images(numbers)
        made = subject.model.reconstruct(x, labels, batch_size=len(x))
        pairs = zip(_texts(subject, x), _texts(subject, made), strict=True)
        return np.array([[a == b, edit_distance(a, b) / max(1, len(a))] for a, b in pairs], float)


class Novelty(Metric):
    """How many samples are new, how many are different, and whether those known are learned by
    heart: a model that has learned what texts are like makes each text that it was trained on about
    as often as each that was held out.
    """

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """Shares of the samples, and with held-out data the ratio of both rates."""
        made = list(_made(subject))
        known = {text for x in _data(subject) for text in _texts(subject, x)}
        new = np.array([text not in known for text in made], float)
        met = Counter[Text]()
        first = np.zeros(len(made))
        for number, text in enumerate(made):
            first[number] = met[text] == 0
            met[text] += 1
        estimates = [
            Estimate(name=NEW, interval=share(new), better="higher"),
            Estimate(name=DISTINCT, interval=share(first), better="higher"),
        ]
        if subject.held_out is not None:
            estimates.append(_by_heart(subject, made, known))
        return estimates


def _by_heart(subject: Subject, made: list[Text], known: set[Text]) -> Estimate:
    """How much more often a text of the data is made than a held-out one."""
    unseen = set(_held_out(subject)) - known
    hits = sum(text in unseen for text in made)
    copies = sum(text in known for text in made)
    warnings: tuple[str, ...] = ()
    if hits < LEAST_HITS:
        warnings = (f"Only {hits} of {len(made)} samples are held-out texts: draw more.",)
    # Half a hit keeps the ratio finite.
    rates = (copies + 0.5) / max(1, len(known)), (hits + 0.5) / max(1, len(unseen))
    ratio = rates[0] / rates[1]
    # Of the logarithm of a ratio of two counts that are Poisson.
    spread = float(np.sqrt(1 / (copies + 0.5) + 1 / (hits + 0.5)))
    factor = float(np.exp(1.96 * spread))
    interval = Interval(ratio, ratio / factor, ratio * factor, ratio * spread)
    return Estimate(
        name="Training texts to held-out", interval=interval, better="lower", warnings=warnings
    )


def _texts(subject: Subject, x: Tensor) -> list[Text]:
    """The tokens of samples (n, length)."""
    rows = subject.data.kind.rows(x, subject.model.sample_spec)
    return [tuple(takewhile(bool, row.tolist())) for row in rows]


def _made(subject: Subject) -> Iterator[Text]:
    count, size = subject.settings.count, subject.settings.batch_size
    for first in range(0, count, size):
        yield from _texts(subject, subject.samples(first, min(size, count - first)))
        subject.progress("Texts", min(first + size, count), count)


def _data(subject: Subject) -> Iterator[Tensor]:
    count, size = len(subject.order), subject.settings.batch_size
    for first in range(0, count, size):
        yield subject.images(range(first, min(first + size, count)))[0]


def _held_out(subject: Subject) -> Iterator[Text]:
    data, size = subject.held_out, subject.settings.batch_size
    assert data is not None
    for first in range(0, len(data), size):
        chosen = np.arange(first, min(first + size, len(data)))
        yield from _texts(subject, data.batch(chosen, subject.model.sample_spec)[0])


def edit_distance(first: Sequence[int], second: Sequence[int]) -> int:
    """Least number of insertions, deletions and replacements (Levenshtein 1966)."""
    above = list(range(len(second) + 1))
    for row, one in enumerate(first, 1):
        left = [row]
        for column, other in enumerate(second, 1):
            same = above[column - 1] + (one != other)
            left.append(min(same, above[column] + 1, left[-1] + 1))
        above = left
    return above[-1]
