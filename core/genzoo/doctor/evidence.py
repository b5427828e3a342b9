"""All that a run is examined by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from genzoo.doctor.history import History
from genzoo.interfaces.vital_signs import VitalSign
from genzoo.specs import SampleSpec

LEAST_TRAINING = 500
"""Steps that a model must have trained before its samples are judged."""

Remedy = Literal["lower-rate", "higher-rate", "stream"]
"""A learning rate below or above the objective's usual one; data decoded as they are used."""

Blocks = Callable[[], Iterable[Tensor]]
"""Gives the data anew, block by block, each (n, D) as `unit_rows` makes them."""


@dataclass(frozen=True)
class Evidence:
    """What is known of a run at a step. None stands for what is not there.

    Attributes:
        step: Training steps complete.
        history: What was logged.
        signs: What the objective declares of it.
        losses: Names of logged values that are minimised, by who minimises them: the parts that
            their phases train, as `encoder and decoder`.
        samples: Made samples (n, D), as `unit_rows` makes them.
        diversity_before: What `diversity` was at the look before, a fifth of the steps ago.
        least_distance: The least `energy_distance` from samples to the data at that or any earlier
            look.
        moved: By how much the published weights have changed since an earlier step, as a share of
            their size.
        real: As many samples of the data, (n, D).
        data: All of the data.
        data_count: Number of samples in the data.
        in_force: What the run was begun with, so that it is not proposed.
        named_values: Whether the numbers in samples may be names, as those of letters are, so that
            how much of their range is used tells nothing.
        absent: Why something is not there, by the name of the attribute.
    """

    step: int
    history: History = field(default_factory=lambda: History(()))
    signs: Sequence[VitalSign] = ()
    losses: Mapping[str, Sequence[str]] | None = None
    samples: Tensor | None = None
    diversity_before: float | None = None
    least_distance: float | None = None
    moved: float | None = None
    real: Tensor | None = None
    data: Blocks | None = None
    data_count: int = 0
    in_force: frozenset[Remedy] = frozenset()
    named_values: bool = False
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_trained(self) -> bool:
        """Whether the model has trained long enough for its samples to be judged."""
        return self.step >= LEAST_TRAINING

    def lacks(self, needs: Sequence[str]) -> str:
        """Why what a check needs is not there; empty where all of it is."""
        missing = [need for need in needs if getattr(self, need) is None]
        return self.absent.get(missing[0], f"There is no {missing[0]}.") if missing else ""


def names_values(spec: SampleSpec) -> bool:
    """Whether numbers in such samples may be names: the whole numbers of a range above 2."""
    return spec.high - spec.low > 2 and float(spec.low).is_integer() and spec.high.is_integer()


def unit_rows(x: Tensor, spec: SampleSpec) -> Tensor:
    """Samples (n, *shape) as rows (n, D) float32 on the processor; the range becomes [0, 1]."""
    rows = x.detach().to("cpu", torch.float32).flatten(1)
    return (rows - spec.low) / (spec.high - spec.low)
