"""Colours with alpha: multiplied by it, straight again, and on a background (Porter and Duff 1984).

Colours are multiplied in whole numbers, so that samples lie on the 256 levels that discretised
likelihoods count on. What is opaque comes back exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS = 4


def premultiplied(rows: Tensor) -> Tensor:
    """Images (N, H, W, C) uint8, their colours multiplied by alpha where C is 4."""
    import torch

    if rows.shape[3] != CHANNELS:
        return rows
    colours, alpha = rows[..., :3].to(torch.int32), rows[..., 3:].to(torch.int32)
    multiplied = ((colours * alpha + 127) // 255).to(torch.uint8)
    return torch.cat([multiplied, rows[..., 3:]], dim=3)


def straight(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images (N, H, W, C) uint8 with colours that were multiplied by alpha, divided by it.

    What is wholly transparent has no colour: it is black.
    """
    if rows.shape[3] != CHANNELS:
        return rows
    colours, alpha = rows[..., :3].astype(np.int32), rows[..., 3:].astype(np.int32)
    divided = (colours * 255 + alpha // 2) // np.maximum(alpha, 1)
    shown = np.where(alpha > 0, np.minimum(divided, 255), 0)
    return np.concatenate([shown.astype(np.uint8), rows[..., 3:]], axis=3)


def on_background(rows: NDArray[np.generic], colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Images (N, H, W, C) uint8 with straight colours, put on `colour` where C is 4."""
    if rows.ndim != 4 or rows.shape[3] != CHANNELS:
        return cast("NDArray[np.uint8]", rows)
    colours, alpha = rows[..., :3].astype(np.int32), rows[..., 3:].astype(np.int32)
    ground = np.array(colour, np.int32)
    mixed = (colours * alpha + ground * (255 - alpha) + 127) // 255
    return cast("NDArray[np.uint8]", mixed.astype(np.uint8))
