"""What a flow is made of: maps with an inverse whose volume change is known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import cast

from torch import Tensor, nn


class Bijection(nn.Module, ABC):
    """A map between latents and samples, one to one.

    `context` (N, features) is what the class labels say, or None.
    """

    @abstractmethod
    def forward(self, z: Tensor, context: Tensor | None) -> Tensor:
        """From latents to samples, row by row."""

    @abstractmethod
    def inverse(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """Back again: latents, and log|det dz/dx| in nats, (N,)."""


class Chain(Bijection):
    """One map after the other, listed from the samples' end to the latents'."""

    def __init__(self, steps: Iterable[Bijection]) -> None:
        super().__init__()
        self.steps = nn.ModuleList(steps)

    def forward(self, z: Tensor, context: Tensor | None) -> Tensor:
        """The steps from last to first."""
        for step in reversed(self.steps):
            z = step(z, context)
        return z

    def inverse(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """The inverse steps from first to last; their volume changes multiply."""
        total = x.new_zeros(len(x))
        for step in self.steps:
            x, log_det = cast(Bijection, step).inverse(x, context)
            total = total + log_det
        return x, total
