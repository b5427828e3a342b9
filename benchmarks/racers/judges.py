"""Two networks look at samples and at the data; neither is asked who made what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from genzoo import FeatureExtractor
from genzoo_metrics.efficientnet_lite import EfficientNetLite0Features, EfficientNetLite2Features
from genzoo_metrics.frechet_distance import fit_gaussian, frechet_distance
from genzoo_metrics.overlap import overlap

BATCH = 4
NEIGHBOURS = (3, 5)
"""For precision and recall, and for density and coverage, as genzoo's metrics have them."""

JUDGES = {"lite0": (EfficientNetLite0Features, 224), "lite2": (EfficientNetLite2Features, 128)}
"""Networks, and the side in pixels that they see images at: the second one half of its own."""

Images = NDArray[np.uint8]
"""(N, height, width, 3)."""


@dataclass(frozen=True)
class Score:
    """What one network says.

    Attributes:
        distance: The Fréchet distance.
        precision: Share of samples in balls of the data.
        recall: Share of the data in balls of samples.
        density: How many balls of the data hold a sample, over the neighbours.
        coverage: Share of balls of the data that hold a sample.
    """

    distance: float
    precision: float
    recall: float
    density: float
    coverage: float


class Judge:
    """One network, which remembers what it has seen.

    Args:
        name: One of `JUDGES`.
        data: What samples should be like.
        folder: Where the features of `data` are kept.
    """

    def __init__(self, name: str, data: Images, folder: Path) -> None:
        self.name = name
        network, size = JUDGES[name]
        self._network = network(torch.device("cpu"))
        self._network.size = size
        path = folder / f"{name}-{len(data)}.npy"
        if not path.exists():
            np.save(path, features(self._network, data))
        self._data = np.load(path)

    def score(self, samples: Images) -> Score:
        """Compare samples with as many of the data, but for the distance: with all of them."""
        made = features(self._network, samples)
        balls = self._data[: len(made)]
        near, far = (overlap(balls, made, k) for k in NEIGHBOURS)
        return Score(
            frechet_distance(fit_gaussian(self._data), fit_gaussian(made)),
            float(near.precision.mean()),
            float(near.recall.mean()),
            float(far.density.mean()),
            float(far.coverage.mean()),
        )


def features(network: FeatureExtractor, images: Images) -> NDArray[np.float32]:
    """Features (N, D) of images, a few at a time."""
    pieces: Sequence[NDArray[np.float32]] = [
        network.extract(torch.from_numpy(images[first : first + BATCH])).numpy()
        for first in range(0, len(images), BATCH)
    ]
    return np.concatenate(pieces)
