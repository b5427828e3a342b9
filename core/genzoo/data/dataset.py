"""An opened data set: decoded images, their labels and how they became so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genzoo.specs import SampleSpec

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from genzoo.data.batches import Gather


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images held in memory or in a read-only memory map.

    Attributes:
        images: (N, height, width, channels) uint8, C-contiguous.
        labels: (N,) indices into `classes`, or None where the data has no classes.
        classes: Class names in label order.
        fingerprint: Changes whenever the images, their order or their decoding does.
        name: What the user typed.
        notes: Sentences worth telling the user, e.g. which files were skipped.
        spec: The samples' contract; it has classes only if the data was opened as conditional.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    fingerprint: str
    name: str
    notes: tuple[str, ...]
    spec: SampleSpec

    def __len__(self) -> int:
        return self.images.shape[0]

    def batch(
        self,
        indices: NDArray[np.int64] | Tensor,
        low: float,
        high: float,
        device: torch.device | str = "cpu",
    ) -> tuple[Tensor, Tensor | None]:
        """The samples at `indices` and, if conditional, their labels.

        Returns:
            (n, channels, height, width) float32 in channels_last memory, 0 mapped to `low` and 255
            to `high`; and (n,) int64 labels, or None.
        """
        return self._gather(indices, low, high, device)

    @cached_property
    def _gather(self) -> Gather:
        from genzoo.data.batches import Gather

        return Gather(self.images, self.labels if self.spec.conditional else None)
