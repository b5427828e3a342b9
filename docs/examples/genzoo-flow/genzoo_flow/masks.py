"""Which values a coupling keeps (Dinh et al. 2017, figure 3). `flip` swaps kept and moved."""

from __future__ import annotations

import torch
from torch import Tensor


def checkerboard(shape: tuple[int, int, int], *, flip: bool) -> Tensor:
    """Every other pixel of an image (C, H, W), as a chessboard has them."""
    channels, height, width = shape
    squares = torch.arange(height).view(-1, 1) + torch.arange(width)
    return ((squares + flip) % 2).float().expand(channels, -1, -1).contiguous()


def half_of_channels(shape: tuple[int, int, int], *, flip: bool) -> Tensor:
    """The second half of the channels of (C, H, W), as (C, 1, 1)."""
    channels = torch.arange(shape[0]).view(-1, 1, 1)
    return ((2 * channels >= shape[0]) ^ flip).float()


def every_other(size: int, *, flip: bool) -> Tensor:
    """Every other number of a vector (size,)."""
    return ((torch.arange(size) + flip) % 2).float()
