"""Few samples at a time, where many take memory and no less time."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

MOST_VALUES = 1 << 23
"""In the largest map of the samples that a processor works on at once."""


def in_pieces(run: Callable[[Tensor], Tensor], rows: Tensor, values: int) -> Tensor:
    """What `run` makes of all rows (N, ...), on a processor a few at once.

    What does not fit into a processor's caches is slower there, and takes memory. Where gradients
    are wanted all rows are one piece.

    Args:
        run: Maps some rows.
        rows: All of them.
        values: In the largest map of one row.
    """
    at_once = max(1, MOST_VALUES // values)
    if rows.device.type != "cpu" or torch.is_grad_enabled() or len(rows) <= at_once:
        return run(rows)
    return torch.cat([run(piece) for piece in rows.split(at_once)])
