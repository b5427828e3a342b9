"""Affine couplings (Dinh et al. 2017, section 3.2): a half of the values moves the other half."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genzoo_flow.bijections import Bijection


class AffineCoupling(Bijection):
    """z = x exp(s) + t, with s and t computed from the values that the mask keeps.

    Kept values stay as they are, so whoever has z can compute s and t too. The Jacobian is
    triangular: the logarithm of its determinant is the sum of s (equation 6).

    Args:
        mask: 1 where a value is kept, 0 where it is moved, (*shape).
        network: Maps kept values (N, *shape) and context to shifts and raw scales, (N, 2C, ...).
    """

    mask: Tensor

    def __init__(self, mask: Tensor, network: nn.Module) -> None:
        super().__init__()
        self.register_buffer("mask", mask)
        self.network = network
        # One for each channel; tanh bounds what a single step can do, and these learn the bound.
        self.bound = nn.Parameter(torch.ones(mask.shape[0], *[1] * (mask.dim() - 1)))

    def forward(self, z: Tensor, context: Tensor | None) -> Tensor:
        """x = (z - t) exp(-s), (N, *shape)."""
        shift, log_scale = self._move(z, context)
        return (z - shift) * torch.exp(-log_scale)

    def inverse(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """z = x exp(s) + t, (N, *shape), and the sum of s, (N,)."""
        shift, log_scale = self._move(x, context)
        return x * torch.exp(log_scale) + shift, log_scale.flatten(1).sum(1)

    def _move(self, values: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        # The network may run in bfloat16; what it gives is exact from here on.
        raw = self.network(values * self.mask, context).to(values.dtype)
        shift, scale = raw.chunk(2, 1)
        moved = 1 - self.mask
        return moved * shift, moved * self.bound * torch.tanh(scale)
