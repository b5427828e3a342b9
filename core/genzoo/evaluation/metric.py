"""What a metric is and what it gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from genzoo.evaluation.intervals import Interval
from genzoo.evaluation.subject import Subject
from genzoo.model.model import Model

Better = Literal["lower", "higher", "neither"]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One number that a metric gives.

    Attributes:
        name: What it is called; unique among all that the metric gives.
        interval: The value with its 95 % interval and standard error.
        better: Which way is better, or neither.
        unit: Such as `nats`; empty for a plain number.
        warnings: Sentences that must be read with the number.
    """

    name: str
    interval: Interval
    better: Better
    unit: str = ""
    warnings: tuple[str, ...] = ()


class Metric(ABC):
    """A way to judge a model. Built without arguments for each evaluation.

    Attributes:
        parameters: What its numbers depend on beside the protocol, as JSON values. They are
            recorded, and numbers of other parameters are not compared.
    """

    parameters: ClassVar[Mapping[str, Any]] = {}

    def applies(self, model: Model) -> bool:
        """Whether `model` has what it takes; without it the metric is left out."""
        return True

    @abstractmethod
    def measure(self, subject: Subject) -> Sequence[Estimate]:
        """Judge the model, which is in evaluation mode."""

    def recorded(self, subject: Subject) -> Mapping[str, Any]:
        """The parameters that are recorded: `parameters`, and what else hangs on the subject."""
        return self.parameters

    def rows(self, subject: Subject, numbers: range) -> NDArray[np.float64]:
        """Numbers about each of these images of the data, (n, k), for `Subject.rows`.

        What one image gets must not hang on the others.
        """
        raise NotImplementedError(f"{type(self).__name__} has no rows")
