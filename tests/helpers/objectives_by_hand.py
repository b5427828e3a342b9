"""What tests of objectives call by hand."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from genzoo import Discriminator, Phase


class LinearDiscriminator(Discriminator):
    """Its gradient by each of 3x16x16 values is a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 16, 16))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        return (x * self.weight).flatten(1).sum(1)


def phases_of(objective: Any) -> dict[str, Phase]:
    """The phases of an objective by name."""
    return {phase.name: phase for phase in objective.phases()}
