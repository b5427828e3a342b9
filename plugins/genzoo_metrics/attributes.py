"""What a classifier makes of samples: how often each value of an attribute comes up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from genzoo import Estimate, Metric, Subject, UsageError, digest, share
from genzoo_metrics.feature_blocks import Features
from genzoo_metrics.jackknife import GROUPS, without_groups

MOST_VALUES = 256
WEAK = 0.7
"""Accuracy below which the numbers come with a warning."""

SURE = 0.05
"""How much oftener than by the commonest value a classifier is right that can tell something."""


class Attributes(Metric):
    """Shares of labelled attributes in samples and in the data, told by a classifier.

    It is a logistic regression on the features, trained on most of the labelled data. Shares of
    the data are of what it says about the rest, so that it errs alike on both sides.
    """

    parameters: ClassVar[Mapping[str, Any]] = {
        "classifier": "logistic regression",
        "penalty": 1e-3,
        "trained_on": 6000,
        "held_out": 2000,
    }

    def recorded(self, subject: Subject) -> Mapping[str, Any]:
        """The labels are a part of what the numbers stand for."""
        return {**self.parameters, "labels": labels_digest(subject.attributes)}

    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """For each attribute: held-out accuracy, distance of shares, and the shares.

        Intervals are over the draw of the samples, those of accuracies over the held-out data.
        """
        if not subject.attributes:
            return []
        estimates: list[Estimate] = []
        for number, (name, labels) in enumerate(subject.attributes.items()):
            subject.progress("Attributes", number, len(subject.attributes))
            estimates += self._attribute(name, labels, subject)
        return estimates

    def _attribute(
        self, name: str, labels: NDArray[np.str_], subject: Subject
    ) -> Sequence[Estimate]:
        values, numbers = np.unique(labels, return_inverse=True)
        if not 2 <= len(values) <= MOST_VALUES:
            raise UsageError(
                f"The attribute '{name}' has {len(values)} values in the data that are used.",
                f"Leave it out of --attributes: 2 to {MOST_VALUES} can be told apart.",
            )
        held = min(self.parameters["held_out"], len(labels) // 4)
        rest = slice(held, held + self.parameters["trained_on"])
        classifier = fit_classifier(
            subject.real[rest], numbers[rest], len(values), self.parameters["penalty"]
        )
        told, made = classifier.told(subject.real[:held]), classifier.told(subject.fake)
        right = share(told == numbers[:held])
        warnings = _warnings(name, right.value, shares(numbers[:held], len(values)).max())
        there = shares(told, len(values))
        distance = without_groups(*distance_of_shares(made, there))
        return [
            Estimate(name=f"{name}: accuracy", interval=right, better="neither", warnings=warnings),
            Estimate(name=f"{name}: distance of shares", interval=distance, better="lower"),
            *(
                Estimate(name=f"{name} {value}{whose}", interval=share(rows), better="neither")
                for number, value in enumerate(values)
                for whose, rows in (("", made == number), (" in the data", told == number))
            ),
        ]


@dataclass(frozen=True)
class Classifier:
    """A linear one.

    Attributes:
        weight: (values, D).
        bias: (values,).
        mean: Of the features, (D,).
        deviation: Of the features, (D,).
    """

    weight: Tensor
    bias: Tensor
    mean: Tensor
    deviation: Tensor

    def told(self, features: Features) -> NDArray[np.int64]:
        """The likeliest value of each row of features (N, D), (N,)."""
        x = _standardised(features, self.mean, self.deviation)
        return (x @ self.weight.T + self.bias).argmax(1).numpy()


def fit_classifier(
    features: Features, numbers: NDArray[np.int64], values: int, penalty: float
) -> Classifier:
    """Multinomial logistic regression by L-BFGS, from zero.

    Args:
        features: (N, D).
        numbers: Which value each row has, (N,).
        values: How many there are.
        penalty: Weight of the squared norm of the weights, on standardised features.
    """
    rows = torch.from_numpy(np.array(features, np.float32))
    mean, deviation = rows.mean(0), rows.std(0).clamp_min(1e-6)
    x, y = (rows - mean) / deviation, torch.from_numpy(numbers)
    weight = torch.zeros(values, x.shape[1], requires_grad=True)
    bias = torch.zeros(values, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        total = F.cross_entropy(x @ weight.T + bias, y) + penalty * weight.square().sum()
        total.backward()
        return total

    with torch.enable_grad():
        optimizer.step(loss)
    return Classifier(weight.detach(), bias.detach(), mean, deviation)


def _warnings(name: str, accuracy: float, commonest: float) -> tuple[str, ...]:
    if accuracy >= WEAK:
        return ()
    told = f"The classifier of '{name}' is right about {accuracy:.0%} of held-out data only."
    if accuracy > commonest + SURE:
        return (told,)
    return (f"{told} It cannot tell it at all: are the labels in the order of the data?",)


def shares(numbers: NDArray[np.int64], values: int) -> NDArray[np.float64]:
    """How often each value comes up among `numbers` (N,), (values,)."""
    counts: NDArray[np.int64] = np.bincount(numbers, minlength=values)
    return counts / len(numbers)


def distance_of_shares(
    made: NDArray[np.int64], there: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Total variation between the shares of samples and `there`: 0 for equals, 1 at most.

    Args:
        made: Values of the samples, (M,), at least two.
        there: Shares of the data, (values,).

    Returns:
        The distance, and that without each of at most `GROUPS` groups of samples in turn, (G,).
    """
    groups = min(GROUPS, len(made))
    own = np.arange(len(made)) % groups

    def distance(numbers: NDArray[np.int64]) -> float:
        return float(np.abs(shares(numbers, len(there)) - there).sum() / 2)

    return distance(made), np.array([distance(made[own != group]) for group in range(groups)])


def labels_digest(attributes: Mapping[str, NDArray[np.str_]]) -> str:
    """Stands for all names and labels."""
    return digest([part for name, labels in attributes.items() for part in (name, *labels)])


def _standardised(features: Features, mean: Tensor, deviation: Tensor) -> Tensor:
    rows = torch.from_numpy(np.array(features, np.float32))
    return (rows - mean) / deviation
