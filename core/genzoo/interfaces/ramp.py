"""How far something that changes while training has come. Imports no torch."""

from __future__ import annotations

import math
from typing import Literal

Shape = Literal["linear", "cosine"]


def ramp(position: float, length: float, shape: Shape = "linear") -> float:
    """From 0 to 1 over `length`, and 1 from there on.

    A function of the position alone, so that a resumed run needs no state to go on with it.

    Args:
        position: Steps since it began; 0 before.
        length: Steps that it takes; 0 is at the end at once.
        shape: A line, or half a cosine, which begins and ends gently.
    """
    if position >= length:
        return 1.0
    share = max(position, 0) / length
    return share if shape == "linear" else (1.0 - math.cos(math.pi * share)) / 2.0
