"""Residual vector quantisation (Zeghidour et al. 2021, SoundStream)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from genzoo.interfaces.noise import derive_seed
from genzoo.quantisers.quantiser import Quantiser, straight_through
from genzoo.quantisers.vector import VectorQuantiser


class ResidualQuantiser(Quantiser):
    """Codebooks in a row, each for what the ones before it have left.

    The first streams alone are a coarser code of the same vector. With `dropout` training makes
    them good ones: some batches are quantised by the first streams only. One number of streams is
    drawn for a batch, as a function of how often the first codebook has moved.

    Args:
        dimensions: Numbers in a vector.
        size: Codes in each codebook.
        streams: How many codebooks.
        dropout: Share of the batches of training that have fewer streams.
        options: Options of each `VectorQuantiser`; `cosine` makes no sense for residuals.
    """

    def __init__(
        self, dimensions: int, size: int, streams: int, *, dropout: float = 0.0, **options: Any
    ) -> None:
        super().__init__(dimensions, size, streams)
        self.dropout = dropout
        self.stages = nn.ModuleList(
            VectorQuantiser(dimensions, size, **options) for _ in range(streams)
        )

    def quantise(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See `Quantiser`. The penalty is the sum of the commitments of all stages.

        In training with `dropout` there may be fewer streams of codes.
        """
        values, penalty = torch.zeros_like(rows), rows.new_zeros(len(rows))
        codes = []
        for stage in self.stages[: self._active()]:
            assert isinstance(stage, VectorQuantiser)
            residual = rows - values
            vectors, numbers = stage.nearest(residual)
            penalty = penalty + (residual - vectors).square().sum(1)
            values = values + vectors
            codes.append(numbers)
        return straight_through(values, rows), torch.stack(codes, 1), penalty

    def vectors(self, codes: Tensor) -> Tensor:
        """See `Quantiser`."""
        streams = zip(self.stages, codes.split(1, dim=1), strict=False)
        return torch.stack([stage.vectors(column) for stage, column in streams]).sum(0)  # type: ignore[operator]

    def _active(self) -> int:
        """How many streams this batch has."""
        updates = int(self.stages[0].updates)  # type: ignore[arg-type]
        # The first batch starts all codebooks.
        if not (self.training and self.dropout and updates):
            return self.streams
        generator = torch.Generator().manual_seed(derive_seed("streams", updates))
        chance, place = torch.rand(2, generator=generator).tolist()
        return 1 + int(place * self.streams) if chance < self.dropout else self.streams
