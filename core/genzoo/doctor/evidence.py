"""All that a run is examined by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from genzoo.doctor.history import History
from genzoo.interfaces.vital_signs import VitalSign
from genzoo.specs import SampleSpec

LEAST_TRAINING = 500
"""Steps that a model must have trained before its samples are judged."""

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
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_trained(self) -> bool:
        """Whether the model has trained long enough for its samples to be judged."""
        return self.step >= LEAST_TRAINING

    def lacks(self, needs: Sequence[str]) -> str:
        """Why what a check needs is not there; empty where all of it is."""
        missing = [need for need in needs if getattr(self, need) is None]
        return self.absent.get(missing[0], f"There is no {missing[0]}.") if missing else ""


def unit_rows(x: Tensor, spec: SampleSpec) -> Tensor:
    """Samples (n, *shape) as rows (n, D) float32 on the processor; the range becomes [0, 1]."""
    rows = x.detach().to("cpu", torch.float32).flatten(1)
    return (rows - spec.low) / (spec.high - spec.low)
