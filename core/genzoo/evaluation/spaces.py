"""The feature spaces of an evaluation, and what is computed once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from genzoo.evaluation.feature_cache import FeatureCache
from genzoo.interfaces.feature_extractor import FeatureExtractor
from genzoo.model.model import Model


@dataclass(frozen=True)
class Space:
    """A feature space.

    Attributes:
        name: Its full name, `distribution/name`.
        extractor: What features come from.
        cache: Where those of data are kept.
    """

    name: str
    extractor: FeatureExtractor
    cache: FeatureCache

    def warnings(self, model: Model) -> tuple[str, ...]:
        """What is to be read with numbers that are measured here."""
        if (self.name, self.extractor.hash) not in model.feature_networks:
            return ()
        return (
            f"The model was trained through {self.name}, in which this is measured, so the number "
            "flatters it: choose other --features.",
        )


@dataclass
class Computed:
    """What is computed once for all feature spaces of an evaluation.

    Attributes:
        features: By what they are of, and the number of the space.
        widths: Features of a sample in each space, known when samples have been looked at.
        looked: Whether anybody has asked for features, or for what they come from.
    """

    features: dict[tuple[str, int], NDArray[np.float32]] = field(default_factory=dict)
    widths: list[int] = field(default_factory=list)
    looked: bool = False
