"""The scales of RealNVP (Dinh et al. 2017, section 3.6). Every map here keeps the outer shape."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo_flow.bijections import Bijection


class Squeezed(Bijection):
    """Does `inner` at half the resolution, where each 2x2 square of pixels is four channels.

    Moving values about changes no volume.

    Args:
        inner: A bijection of (N, 4C, H/2, W/2).
    """

    def __init__(self, inner: Bijection) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, z: Tensor, context: Tensor | None) -> Tensor:
        """(N, C, H, W), by way of the squeezed form."""
        return F.pixel_shuffle(self.inner(F.pixel_unshuffle(z, 2), context), 2)

    def inverse(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """(N, C, H, W), by way of the squeezed form, and what `inner` says of the volume."""
        z, log_det = self.inner.inverse(F.pixel_unshuffle(x, 2), context)
        return F.pixel_shuffle(z, 2), log_det


class HalfOut(Bijection):
    """Lets the first half of the channels go, as latents; only the rest goes through `inner`.

    Args:
        inner: A bijection of (N, C/2, H, W).
    """

    def __init__(self, inner: Bijection) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, z: Tensor, context: Tensor | None) -> Tensor:
        """(N, C, H, W)."""
        out, rest = z.chunk(2, 1)
        return torch.cat([out, self.inner(rest, context)], 1)

    def inverse(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """(N, C, H, W), and what `inner` says of the volume."""
        out, rest = x.chunk(2, 1)
        z, log_det = self.inner.inverse(rest, context)
        return torch.cat([out, z], 1), log_det
