"""Large images in overlapping tiles, so that memory does not grow with the image.

Tiles are blended linearly where they overlap, as diffusers' `AutoencoderKL.tiled_decode` does it.
What a network computes from the whole image, such as the statistics of group normalisation, it
computes from each tile here: the result differs a little from that of the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from genzoo_vae.autoencoders.configs import OVERLAP, LatentAutoencoderConfig

Network = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Tiling:
    """Sides of tiles.

    Attributes:
        tile: Side of a tile of the input.
        stride: From one tile of the input to the next.
        kept: Side of what a tile adds to the output; the rest of it is blended into the next.
        blended: How much of two tiles of the output is blended.
    """

    tile: int
    stride: int
    kept: int
    blended: int


def encoder_tiling(config: LatentAutoencoderConfig) -> Tiling:
    """Tiles of images, and what becomes of them."""
    return _tiling(config.tile, config.tile // config.factor)


def decoder_tiling(config: LatentAutoencoderConfig) -> Tiling:
    """Tiles of latents, and what becomes of them."""
    return _tiling(config.tile // config.factor, config.tile)


def in_pieces(network: Network, x: Tensor, tiling: Tiling) -> Tensor:
    """`network` of x (N, C, H, W), never computing more than a tile's area at once.

    Rows of the batch are taken together as far as they fit, and larger ones are cut into tiles.
    """
    area = x.shape[-2] * x.shape[-1]
    together = max(1, tiling.tile**2 // area)
    large = max(x.shape[-2:]) > tiling.tile
    run = (lambda rows: _tiled(network, rows, tiling)) if large else network
    return torch.cat([run(rows) for rows in x.split(together)])


def _tiling(tile: int, output: int) -> Tiling:
    return Tiling(tile, tile - tile // OVERLAP, output - output // OVERLAP, output // OVERLAP)


def _tiled(network: Network, x: Tensor, tiling: Tiling) -> Tensor:
    """Row by row of tiles: only the row above is kept whole, to be blended with."""
    strips: list[Tensor] = []
    above: list[Tensor] = []
    for top in range(0, x.shape[-2], tiling.stride):
        row: list[Tensor] = []
        for left in range(0, x.shape[-1], tiling.stride):
            tile = network(x[..., top : top + tiling.tile, left : left + tiling.tile])
            if above:
                tile = _blend(above[len(row)], tile, tiling.blended, dim=-2)
            if row:
                tile = _blend(row[-1], tile, tiling.blended, dim=-1)
            row.append(tile)
        strips.append(torch.cat([tile[..., : tiling.kept, : tiling.kept] for tile in row], -1))
        above = row
    return torch.cat(strips, -2)


def _blend(before: Tensor, after: Tensor, extent: int, dim: int) -> Tensor:
    """`after`, its first `extent` lines fading in over the last ones of `before`."""
    extent = min(extent, before.shape[dim], after.shape[dim])
    weights = torch.arange(extent, device=after.device, dtype=after.dtype) / extent
    weights = weights.unsqueeze(-1) if dim == -2 else weights
    old = before.narrow(dim, before.shape[dim] - extent, extent)
    new = after.narrow(dim, 0, extent)
    rest = after.narrow(dim, extent, after.shape[dim] - extent)
    return torch.cat([old * (1 - weights) + new * weights, rest], dim)
