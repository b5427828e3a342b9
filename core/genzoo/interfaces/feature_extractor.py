"""The feature spaces that metrics compare samples and data in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import torch
from torch import Tensor


class FeatureExtractor(ABC):
    """Images to points whose distances mean something.

    Attributes:
        hash: Changes whenever the features do: of the weights, or a version where there are none.
        size: Side in pixels that images are resized to, or None where they are taken as they are.
        resize: Name of the resize filter, e.g. `antialiased bicubic`, or empty.

    Args:
        device: Where to compute.
        file: The weights, for an extractor that does not bring them.

    Raises:
        DataError: The weights are missing, or not what they should be.
    """

    hash: str
    size: int | None = None
    resize: str = ""

    def __init__(self, device: torch.device, file: Path | None = None) -> None:
        self.device = device

    @abstractmethod
    def extract(self, images: Tensor) -> Tensor:
        """Features (N, D) float32 of rows as they are stored.

        Those of images are (N, height, width, channels) uint8.

        The features of an image do not depend on its batch.
        """
