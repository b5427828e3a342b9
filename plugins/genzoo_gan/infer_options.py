"""What the shapes of a generator's weights tell of how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from genzoo_gan.conditioning import LABEL_FEATURES

SMALLEST = 4
"""Side in pixels of what the first convolution makes."""

MAX_LAYERS = 12
EMBEDDING = "latent.embedding.weight"
"""Of the classes, beside the latent, in the generators here."""


def infer_generator(shapes: Mapping[str, tuple[int, ...]]) -> Mapping[str, Any]:
    """Options of a stack of transposed 4x4 convolutions such as DCGAN's, in the file's order.

    Their weights (inputs, outputs, 4, 4) lead from the latent to 4x4 pixels, and each further one
    doubles the side. Empty where the weights form no such chain.
    """
    kernels = [shape for shape in shapes.values() if len(shape) == 4 and shape[2:] == (4, 4)]
    chained = all(before[1] == after[0] for before, after in pairwise(kernels))
    if not (2 <= len(kernels) <= MAX_LAYERS and chained):
        return {}
    labelled = any(name.endswith(EMBEDDING) for name in shapes)
    return {
        "latent_dim": kernels[0][0] - (LABEL_FEATURES if labelled else 0),
        "width": kernels[-1][0],
        "channels": kernels[-1][1],
        "size": SMALLEST << (len(kernels) - 1),
    }
