"""A sound as a kind of content gives it to trackers. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sound:
    """A sound to be played.

    Attributes:
        values: (frames, channels) float32 in [-1, 1].
        rate: Frames a second.
    """

    values: NDArray[np.float32]
    rate: int
