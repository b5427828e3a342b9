"""Which algorithm computes a convolution of kernel 4, stride 2 and padding 1 fastest.

The bounds are what benchmarks/convolutions.py shows on processors that multiply bfloat16 natively.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from genzoo.fast_convolutions.algorithms import Algorithm, Direct, Winograd

Purpose = Literal["training", "sampling", "once"]

LEAST_REUSE: dict[tuple[Purpose, torch.dtype], float] = {
    ("training", torch.bfloat16): 40,
    ("training", torch.float32): 64,
    ("sampling", torch.bfloat16): 64,
}
"""From which `reuse` on minimal filtering is faster.

Sampling transforms a weight once for many batches. In float32 it gains little there, and a seed is
to give the same sample anywhere.
"""

MOST_PRODUCT_PIXELS = 16
"""Pixels of small maps up to which their weight gradient is faster as a product of patches."""

MOST_SUBPIXEL_CHANNELS = 4
"""Channels of the large maps of which four pixels fill one of oneDNN's blocks."""

LEAST_SUBPIXEL_PLACES = 4096
"""Pixels of the small maps, of all images together, from which on `upsample` is twice as fast."""


def choose_algorithm(
    x: Tensor, weight: Tensor, dtype: torch.dtype, *, transposed: bool, final: bool
) -> Algorithm | None:
    """The algorithm that is faster than torch's own; None where there is none.

    Args:
        x: The input (N, C, H, W).
        weight: Channels of the small maps, those of the large ones, 4, 4.
        dtype: What is computed in.
        transposed: From small maps to large ones.
        final: The weight never changes again, and no gradient is wanted.
    """
    learns = torch.is_grad_enabled() and weight.requires_grad
    passes = torch.is_grad_enabled() and x.requires_grad
    purpose: Purpose = "training" if learns or passes else "sampling" if final else "once"
    height, width = x.shape[2:] if transposed else (side // 2 for side in x.shape[2:])
    # With odd sides a row of the large maps is left over.
    doubled = transposed or not any(side % 2 for side in x.shape[2:])
    if doubled and filtering_is_faster(weight, (len(x), height, width), purpose, dtype):
        return Winograd(transposed)
    product = learns and height * width <= MOST_PRODUCT_PIXELS and dtype == torch.bfloat16
    subpixel = (
        doubled
        and (transposed or passes)
        and weight.shape[1] <= MOST_SUBPIXEL_CHANNELS
        and len(x) * height * width >= LEAST_SUBPIXEL_PLACES
    )
    return Direct(transposed, product, subpixel) if product or subpixel else None


def filtering_is_faster(
    weight: Tensor, small: tuple[int, int, int], purpose: Purpose, dtype: torch.dtype
) -> bool:
    """Whether minimal filtering can compute this convolution, and faster.

    Args:
        weight: As of `choose_algorithm`.
        small: Images, height and width of the small maps.
        purpose: What for.
        dtype: What is computed in.
    """
    images, height, width = small
    channels, large_channels = weight.shape[:2]
    least = LEAST_REUSE.get((purpose, dtype), math.inf)
    return (
        height % 2 == 0
        and width % 2 == 0
        and reuse(channels, large_channels, images * height * width // 4) >= least
        and weight.is_contiguous(memory_format=torch.channels_last)
    )


def reuse(small: int, large: int, squares: int) -> float:
    """How many multiplications there are for each addition, but for a factor.

    Args:
        small: Channels of the small maps.
        large: Channels of the large maps.
        squares: Of four places of the kernel, in all images.
    """
    return 1 / (1 / small + 1 / large + 1 / squares) if squares else 0.0
