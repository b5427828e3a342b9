"""What a registered data set hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RawSamples:
    """Samples as they come.

    Attributes:
        samples: (N, ...), as their kind takes arrays; images are (N, height, width, channels) uint8
            with 1, 3 or 4 channels.
        labels: (N,) integers indexing `classes`, or None.
        classes: Class names in label order.
    """

    samples: NDArray[Any]
    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()
