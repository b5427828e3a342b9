"""Convolutions of kernel 4 and stride 2 with 9 multiplications where 16 are usual.

Winograd's minimal filtering F(2, 2), Lavin and Gray 2016 (arXiv:1509.09308), section 4. With two
pixels a step, a kernel of 4 is one of 2 whose taps are pairs of pixels. Two neighbouring places y0,
y1 of a kernel (g0, g1) over d0, d1, d2 are

    y0 = d0 g0 + d1 g1 = (d0 - d1) g0 + d1 (g0 + g1)
    y1 = d1 g0 + d2 g1 =                d1 (g0 + g1) + (d2 - d1) g1

three products instead of four, and nine instead of sixteen for the four places of a square. Each
product is a matrix product over channels and squares. All of it is linear in each argument, so
gradients are the transposed steps around the same products:

    small maps  = tiles_to_small(large_to_tiles(large) products kernel_to_tiles(weight))
    large maps  = tiles_to_large(small_to_tiles(small) products kernel_to_tiles(weight))
    the weight  = tiles_to_kernel(small_to_tiles(small) products large_to_tiles(large))

In bfloat16 differences and sums of two are rounded once more: the error of a result is about three
times that of a convolution in bfloat16, 0.7 % instead of 0.2 % of its size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

Shape = tuple[int, ...]

GROUP = 1 << 20
"""Values of large maps whose intermediate results fit a processor's cache."""


def large_to_tiles(large: Tensor) -> Tensor:
    """What the products take of the large maps (N, C, 2H, 2W), for H and W even.

    Returns:
        (9, N * H/2 * W/2, 4 * C).
    """
    count, channels, height, width = _pairs(large.shape)
    tiles = large.new_empty(3, 3, count, height // 2, width // 2, 2, 2, channels)
    for some in _groups(large.shape):
        pixels = large[some].permute(0, 2, 3, 1)
        rows = large.new_empty(3, len(pixels), height // 2, 2, 2 * width + 2, channels)
        rows[..., :: 2 * width + 1, :] = 0
        _differences_down(pixels.unflatten(1, (-1, 4)), rows[..., 1:-1, :])
        _differences_across(rows.unflatten(4, (-1, 2)), tiles.movedim(4, 5)[:, :, some])
    return tiles.view(9, -1, 4 * channels)


def tiles_to_large(products: Tensor, shape: Shape) -> Tensor:
    """The transpose of `large_to_tiles`: large maps of that shape (N, C, 2H, 2W)."""
    count, channels, height, width = _pairs(shape)
    tiles = products.view(3, 3, count, height // 2, width // 2, 2, 2, channels).movedim(4, 5)
    maps = _empty(products, shape)
    pixels = maps.permute(0, 2, 3, 1)
    for some in _groups(shape):
        rows = products.new_empty(3, len(maps[some]), height // 2, 2, 2 * width, channels)
        _overlap(tiles[:, :, some], rows, 4)
        _overlap(rows, pixels[some], 1)
    return maps


def small_to_tiles(small: Tensor) -> Tensor:
    """What the products take of the small maps (N, C, H, W), for H and W even.

    Returns:
        (9, N * H/2 * W/2, C).
    """
    count, channels, height, width = small.shape
    squares = small.permute(0, 2, 3, 1).reshape(count, height // 2, 2, width // 2, 2, channels)
    tiles = small.new_empty(3, 3, count, height // 2, width // 2, channels)
    _sums(squares.permute(4, 2, 0, 1, 3, 5), tiles)
    return tiles.view(9, -1, channels)


def tiles_to_small(products: Tensor, shape: Shape) -> Tensor:
    """The transpose of `small_to_tiles`: small maps of that shape (N, C, H, W)."""
    count, channels, height, width = shape
    tiles = products.view(3, 3, count, height // 2, width // 2, channels)
    maps = _empty(products, shape)
    squares = maps.permute(0, 2, 3, 1).view(count, height // 2, 2, width // 2, 2, channels)
    _neighbours(tiles, squares.permute(4, 2, 0, 1, 3, 5))
    return maps


def kernel_to_tiles(weight: Tensor, dtype: torch.dtype) -> Tensor:
    """What the products take of a kernel (O, C, 4, 4): (9, O, 4 * C)."""
    outs, channels = weight.shape[:2]
    # Two taps of two pixels, in rows and in columns.
    taps = weight.permute(0, 2, 3, 1).reshape(outs, 2, 2, 2, 2, channels)
    kernels = weight.new_empty((3, 3, outs, 2, 2, channels), dtype=dtype)
    _sums(taps.permute(3, 1, 0, 2, 4, 5), kernels)
    return kernels.view(9, outs, 4 * channels)


def tiles_to_kernel(products: Tensor, shape: Shape) -> Tensor:
    """The transpose of `kernel_to_tiles`: a kernel's gradient of that shape, at least float32."""
    outs, channels = shape[:2]
    kernels = products.view(3, 3, outs, 2, 2, channels)
    dtype = torch.promote_types(products.dtype, torch.float32)
    taps = products.new_empty((outs, 2, 2, 2, 2, channels), dtype=dtype)
    _neighbours(kernels, taps.permute(3, 1, 0, 2, 4, 5))
    return taps.view(outs, 4, 4, channels).permute(0, 3, 1, 2)


def _pairs(shape: Shape) -> tuple[int, int, int, int]:
    """Images, channels, and pairs of pixels down and across."""
    count, channels, height, width = shape
    return count, channels, height // 2, width // 2


def _empty(like: Tensor, shape: Shape) -> Tensor:
    """Maps to fill. No view, as what autograd gives out as a result may be written to in place."""
    return torch.empty(
        shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last
    )


def _groups(shape: Shape) -> Iterator[slice]:
    """Images of that shape in groups of which intermediate results stay in the cache."""
    step = max(1, GROUP // math.prod(shape[1:]))
    return (slice(start, start + step) for start in range(0, shape[0], step))


def _sums(squares: Tensor, out: Tensor) -> None:
    """From the 2 x 2 of squares to the 3 x 3 of out: each alone, each two side by side, all."""
    out[::2, ::2].copy_(squares)
    torch.add(squares[:, 0], squares[:, 1], out=out[::2, 1])
    if out.dtype == squares.dtype:
        across = torch.add(squares[0], squares[1], out=out[1, ::2])
    else:
        # Not out's: it would be rounded before the last sum.
        across = squares[0] + squares[1]
        out[1, ::2].copy_(across)
    torch.add(across[0], across[1], out=out[1, 1])


def _neighbours(tiles: Tensor, out: Tensor) -> None:
    """The transpose of `_sums`: from the 3 x 3 of tiles to sums of 2 x 2 neighbours."""
    across = tiles[:2] + tiles[1:]
    torch.add(across[:, :2], across[:, 1:], out=out)


def _differences_down(squares: Tensor, out: Tensor) -> None:
    """For each square of 4 rows what the three products take of the pairs of rows there.

    The pair in the middle is the square's own; of those around, one row is the next square's, or
    zero at the edge.

    Args:
        squares: (N, squares, 4, pixels across, C).
        out: (3, N, squares, 2, pixels across, C).
    """
    first, second, third = out
    second.copy_(squares[:, :, 1:3])
    torch.sub(squares[:, :, 0], squares[:, :, 2], out=first[:, :, 1])
    torch.sub(squares[:, :-1, 3], squares[:, 1:, 1], out=first[:, 1:, 0])
    torch.neg(squares[:, 0, 1], out=first[:, 0, 0])
    torch.sub(squares[:, :, 3], squares[:, :, 1], out=third[:, :, 0])
    torch.sub(squares[:, 1:, 0], squares[:, :-1, 2], out=third[:, :-1, 1])
    torch.neg(squares[:, -1, 2], out=third[:, -1, 1])


def _differences_across(pairs: Tensor, out: Tensor) -> None:
    """For each two places across what the three products take of the pairs of pixels there.

    Here zeros stand around the maps: runs of memory stay long where both of a pair go together.

    Args:
        pairs: (3, N, squares down, 2, pairs across, 2, C).
        out: (3, 3, N, squares down, 2, squares across, 2, C).
    """
    three = pairs.unfold(4, 3, 2).movedim(-1, 0)
    torch.sub(three[::2], three[1], out=out[::2])
    out[1].copy_(three[1])


def _overlap(products: Tensor, out: Tensor, dim: int) -> None:
    """The transpose of the two above: the pixels of out, of one square or of the two around.

    Args:
        products: Three for each square; the squares along the dimension, then their two pixels.
        out: All pixels along the dimension but those around the maps.
        dim: Of both, less the leading one of products.
    """
    first, second, third = products
    count = first.shape[dim]
    pairs = out.narrow(dim, 1, 4 * count - 2).unflatten(dim, (-1, 2))
    within, between = (_every_second(pairs, dim, start) for start in (0, 1))
    torch.sub(second, first, out=within)
    within.sub_(third)
    torch.add(first.narrow(dim, 1, count - 1), third.narrow(dim, 0, count - 1), out=between)
    out.select(dim, 0).copy_(first.select(dim, 0).select(dim, 1))
    out.select(dim, -1).copy_(third.select(dim, -1).select(dim, 0))


def _every_second(x: Tensor, dim: int, start: int) -> Tensor:
    index = [slice(None)] * dim
    return x[(*index, slice(start, None, 2))]
