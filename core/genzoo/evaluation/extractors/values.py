"""Samples as they are stored, as features: for any kind whose rows are numbers."""

from __future__ import annotations

from torch import Tensor

from genzoo.interfaces.feature_extractor import FeatureExtractor


class StoredValues(FeatureExtractor):
    """Every value of a row is a feature. Right for points and vectors, seldom for images."""

    hash = "values-1"

    def extract(self, images: Tensor) -> Tensor:
        """The rows, flattened."""
        return images.to(self.device).flatten(1).float()
