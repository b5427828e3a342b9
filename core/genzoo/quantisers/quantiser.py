"""What every quantiser is: vectors to codes, and codes to vectors."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup


@dataclass(frozen=True)
class Quantised:
    """What becomes of a batch of N arrays of vectors.

    Attributes:
        values: The vectors of the codes, (N, D, *places). Gradients pass straight through to what
            was quantised (Bengio et al. 2013).
        codes: Numbers below the quantiser's `size`, (N, streams, *places) int64.
        penalty: What keeps an encoder's outputs near codes, and codes in use, summed over places
            and dimensions, (N,); for an objective to weight.
    """

    values: Tensor
    codes: Tensor
    penalty: Tensor


class Quantiser(nn.Module, ABC):
    """Maps each vector of an array to codes. It computes in float32, whatever autocast says.

    A quantiser that learns from its inputs does so in training mode, each time that it is called;
    several processes that train together learn from the rows of all.

    Args:
        dimensions: Numbers in a vector, D.
        size: How many codes a stream has.
        streams: Codes for one vector.

    Attributes:
        processes: The processes that share each batch; the trainer sets it.
    """

    processes: ProcessGroup = SINGLE_PROCESS

    def __init__(self, dimensions: int, size: int, streams: int = 1) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.size = size
        self.streams = streams

    @property
    def bits(self) -> float:
        """Bits that the codes of one place take where all are equally likely."""
        return self.streams * math.log2(self.size)

    @abstractmethod
    def quantise(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Vectors (M, D) to their codes' vectors (M, D), codes (M, streams) and penalty (M,)."""

    @abstractmethod
    def vectors(self, codes: Tensor) -> Tensor:
        """The vectors (M, D) of codes (M, streams)."""

    def forward(self, x: Tensor) -> Quantised:
        """Quantise vectors that lie along the second dimension of x (N, D, *places)."""
        places = x.shape[2:]
        with torch.autocast(x.device.type, enabled=False):
            rows = x.float().flatten(2).transpose(1, 2).reshape(-1, self.dimensions)
            values, codes, penalty = self.quantise(rows)
        return Quantised(
            _arranged(values, len(x), places),
            _arranged(codes, len(x), places),
            penalty.view(len(x), -1).sum(1),
        )

    def decode(self, codes: Tensor) -> Tensor:
        """Codes (N, streams, *places) to vectors (N, D, *places).

        A residual quantiser takes fewer streams too: the first ones, coarser.
        """
        rows = codes.flatten(2).transpose(1, 2).reshape(-1, codes.shape[1])
        return _arranged(self.vectors(rows), len(codes), codes.shape[2:])

    @torch.no_grad()
    def codes_of(self, vectors: Tensor) -> Tensor:
        """The codes (N, streams, *places) whose vectors (N, D, *places) are nearest to these.

        Those of a residual quantiser are found stream by stream, and may be others with the same
        sum, or nearly.
        """
        learning = [layer for layer in self.modules() if layer.training]
        self.eval()
        try:
            codes: Tensor = self(vectors).codes
        finally:
            for layer in learning:
                layer.training = True
        return codes

    @torch.no_grad()
    def usage(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Perplexity of codes (N, streams, *places) and the share of codes that occur, each ().

        Means over the streams. The codes are those of all processes, which must all call it.
        """
        flat = codes.transpose(0, 1).flatten(1)
        counts = torch.stack([torch.bincount(row, minlength=self.size) for row in flat])
        shares = self.processes.mean(counts / flat.shape[1])
        entropy = -torch.special.xlogy(shares, shares).sum(1)
        return entropy.exp().mean(), (shares > 0).float().mean()


def straight_through(values: Tensor, rows: Tensor) -> Tensor:
    """`values`, with the gradient of `rows`."""
    return rows + (values - rows).detach() if rows.requires_grad else values


def _arranged(rows: Tensor, count: int, places: torch.Size) -> Tensor:
    """(count * places, C) as (count, C, *places)."""
    return rows.view(count, -1, rows.shape[1]).transpose(1, 2).reshape(count, -1, *places)
