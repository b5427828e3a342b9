"""A transposed convolution to few channels as a shuffle of pixels."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from genzoo.layers.subpixel import upsample


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_upsampling_is_the_transposed_convolution(channels) -> None:
    shapes = (2, 5, 3, 6), (5, channels, 4, 4), (channels,)
    x, weight, bias = (torch.randn(*shape, dtype=torch.float64) for shape in shapes)
    expected = F.conv_transpose2d(x, weight, bias, 2, 1)
    torch.testing.assert_close(upsample(x, weight, bias), expected)
