"""Latents that turn and shrink as their images do (Kouzelis et al. 2025, EQ-VAE)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

SCALES = (1.0, 0.75, 0.5, 0.25)
LEAST = 4
"""Places along a side that a shrunk latent has at least."""


@dataclass(frozen=True)
class Transform:
    """A quarter turn, any number of times, and a size.

    Attributes:
        turns: Quarter turns.
        side: Places along a side of the latent afterwards.
    """

    turns: int
    side: int

    def of_latent(self, z: Tensor) -> Tensor:
        """Of square latents (N, C, h, h)."""
        return _resized(torch.rot90(z, self.turns, (2, 3)), self.side)

    def of_image(self, x: Tensor, places: int) -> Tensor:
        """Of square images (N, C, H, H), whose latents have so many places along a side."""
        return _resized(torch.rot90(x, self.turns, (2, 3)), x.shape[-1] * self.side // places)


def choose_transform(chance: Tensor, share: float, places: int) -> Transform | None:
    """The transform of a batch; None for one that stays as it is.

    Args:
        chance: Three uniform numbers in [0, 1): whether, how turned, and how large.
        share: Share of batches that are transformed.
        places: Places along a side of the latents.
    """
    whether, turned, size = chance.tolist()
    if whether >= share:
        return None
    sides = [round(scale * places) for scale in SCALES if round(scale * places) >= LEAST]
    return Transform(int(turned * 4), (sides or [places])[int(size * max(len(sides), 1))])


def _resized(x: Tensor, side: int) -> Tensor:
    if x.shape[-1] == side:
        return x
    return F.interpolate(x, size=(side, side), mode="bilinear", antialias=True)
