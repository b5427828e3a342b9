"""From all numbers to the range that samples have (Dinh et al. 2017, section 4.1)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo_flow.bijections import Bijection

END = 0.25 / 255
"""Where a value at the very end of the range is taken to be, as a fraction of the range.

The logit of the end is infinite. For 8-bit data it stands for the outermost level, of which this is
the middle.
"""


class Squash(Bijection):
    """x = low + (high - low) sigmoid(z): the contract's range, whatever the flow does.

    Args:
        low: Least value of a sample.
        high: Greatest value of a sample.
    """

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low, self.high = low, high

    def forward(self, z: Tensor, context: Tensor | None) -> Tensor:
        """Samples in [low, high]."""
        return self.low + (self.high - self.low) * torch.sigmoid(z)

    def inverse(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """The logit of each value's place in the range, and its log|det dz/dx|, (N,)."""
        width = self.high - self.low
        unit = (x - self.low) / width
        unit = torch.where(unit <= 0, END, torch.where(unit >= 1, 1 - END, unit))
        z = torch.logit(unit)
        # dz/dx = 1 / (width unit (1 - unit)), and -log unit = softplus(-z).
        log_slope = F.softplus(z) + F.softplus(-z) - torch.log(x.new_tensor(width))
        return z, log_slope.flatten(1).sum(1)
