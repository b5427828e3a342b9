"""What the algorithms are made of."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from genzoo.fast_convolutions.algorithms import upsample


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_upsampling_is_the_transposed_convolution(channels) -> None:
    shapes = (2, 5, 3, 6), (5, channels, 4, 4), (channels,)
    x, weight, bias = (torch.randn(*shape, dtype=torch.float64) for shape in shapes)
    expected = F.conv_transpose2d(x, weight, bias, 2, 1)
    torch.testing.assert_close(upsample(x, weight, bias), expected)


@pytest.mark.parametrize("last", [False, True])
def test_upsampling_lays_its_result_out_as_torch_does(last) -> None:
    layout = torch.channels_last if last else torch.contiguous_format
    x, weight = torch.randn(2, 5, 4, 6), torch.randn(5, 3, 4, 4).to(memory_format=layout)
    expected = F.conv_transpose2d(x, weight, None, 2, 1)
    assert upsample(x, weight).stride() == expected.stride()
