"""How samples are drawn, and which of the data they are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from genzoo.data.dataset import Dataset
from genzoo.data.shuffle import Order, shuffled

LARGEST_DATA = 50_000
"""Images of the data that are used at most."""


@dataclass(frozen=True)
class Settings:
    """How samples are drawn.

    Attributes:
        count: Number of samples.
        seed: Names their sequence.
        prior: The prior that latents are drawn from; the model's own by default.
        truncation: Shrinks latents towards the prior's centre, in (0, 1].
        label_prior: For a model with classes: `uniform`, all in turn, or `data`, as often as there.
        batch_size: How many to compute at once; does not change the numbers.
        sampling: Other values of the architecture's sampling options.
        most_data: Samples of the data that they are compared with, at most.
    """

    count: int
    seed: int = 0
    prior: str | None = None
    truncation: float = 1.0
    label_prior: str = "uniform"
    batch_size: int = 64
    sampling: Mapping[str, Any] = field(default_factory=dict)
    most_data: int = LARGEST_DATA


def used_samples(data: Dataset, limit: int = LARGEST_DATA) -> Order:
    """The samples of a data set that are used, in a fixed random order: at most `limit`.

    Any number of the first is a fair selection, whatever order the data is in. Data in blocks are
    taken block by block: the first are a fair selection only as far as the blocks are alike.
    """
    order = shuffled(len(data), data.blocks, np.random.Generator(np.random.PCG64(0)))
    return replace(order, indices=order.indices[:limit].astype(np.int64))
