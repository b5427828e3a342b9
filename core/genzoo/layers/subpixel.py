"""A transposed convolution to few channels as a convolution and a shuffle of pixels.

Shi et al. 2016 (arXiv:1609.07009): with kernel 4, stride 2 and padding 1 each 2 x 2 pixels of the
input make 2 x 2 pixels of the result, those around their middle. oneDNN's transposed convolution
computes blocks of 16 channels and throws most of them away where an image has three; the four
pixels fill a block.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

Pair = tuple[int, int]

MOST_CHANNELS = 4
"""Of which four pixels fill one of oneDNN's blocks."""

LEAST_PLACES = 4096
"""Places of the kernel, in all images together, from which on it is about twice as fast."""


def suits(kernel: Pair, stride: Pair, padding: Pair, channels: int, places: int) -> bool:
    """Whether `upsample` computes this convolution to `channels`, and faster."""
    return (
        (kernel, stride, padding) == ((4, 4), (2, 2), (1, 1))
        and channels <= MOST_CHANNELS
        and places >= LEAST_PLACES
    )


def upsample(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`conv_transpose2d(x, weight, bias, 2, 1)` of x (N, I, H, W) with weight (I, O, 4, 4).

    Returns:
        (N, O, 2H, 2W), laid out with channels last.
    """
    inputs, outputs = weight.shape[:2]
    # The 2 x 2 taps of 2 x 2 pixels each.
    taps = weight.view(inputs, outputs, 2, 2, 2, 2).flip(2, 4)
    kernels = taps.permute(1, 3, 5, 0, 2, 4).reshape(4 * outputs, inputs, 2, 2)
    biases = None if bias is None else bias.to(x.dtype).repeat_interleave(4)
    # Around the maps are pixels that only padding was seen for.
    maps = F.pixel_shuffle(F.conv2d(x, kernels, biases, 1, 1), 2)[..., 1:-1, 1:-1]
    # No view, as what autograd gives out as a result may be written to in place.
    return maps.clone(memory_format=torch.channels_last)
