"""What a registered data set hands over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RawSamples:
    """Images as they come.

    Attributes:
        images: (N, height, width, channels) uint8 with 1, 3 or 4 channels.
        labels: (N,) integers indexing `classes`, or None.
        classes: Class names in label order.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
