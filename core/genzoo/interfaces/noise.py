"""Random numbers as a pure function of a seed, a name and a position.

No generator state is ever saved: each stream is seeded anew from what identifies it, so a resumed
run and an uninterrupted one draw the same numbers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import blake2b

import torch
from torch import Tensor

CPU = torch.device("cpu")


def derive_seed(*identity: int | str) -> int:
    """A 63-bit seed that depends on every element of `identity` and on their order."""
    text = "\x1f".join(str(part) for part in identity)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


class Noise(ABC):
    """A source of random numbers for a batch of `count` rows."""

    def __init__(self, count: int, device: torch.device = CPU) -> None:
        self.count = count
        self.device = device

    @abstractmethod
    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers, (count, *shape), float32."""

    @abstractmethod
    def uniform(self, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1), (count, *shape), float32."""


class BatchNoise(Noise):
    """One stream for the whole batch: what training uses."""

    def __init__(self, count: int, seed: int, device: torch.device = CPU) -> None:
        super().__init__(count, device)
        self._seed = seed

    @cached_property
    def _generator(self) -> torch.Generator:
        return torch.Generator(self.device).manual_seed(self._seed)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(self.count, *shape, generator=self._generator, device=self.device)

    def uniform(self, *shape: int) -> Tensor:
        return torch.rand(self.count, *shape, generator=self._generator, device=self.device)


class ShareNoise(Noise):
    """Some rows of a stream that others have the rest of: all draw the whole and keep their own.

    Args:
        whole: The stream for all rows.
        rows: Which to keep.
    """

    def __init__(self, whole: Noise, rows: slice) -> None:
        super().__init__(len(range(whole.count)[rows]), whole.device)
        self._whole = whole
        self._rows = rows

    def normal(self, *shape: int) -> Tensor:
        return self._whole.normal(*shape)[self._rows]

    def uniform(self, *shape: int) -> Tensor:
        return self._whole.uniform(*shape)[self._rows]


class SampleNoise(Noise):
    """One stream per row: row `i` depends on `(seed, indices[i])` alone, whatever the batch.

    Numbers are drawn on the CPU and moved, so that every device starts from the same latents.

    Args:
        seed: Names the sequence of samples.
        indices: Numbers of the samples that the rows are of.
        device: Where the numbers are wanted.
        stream: Tells what is drawn for one sample from what else is.
    """

    def __init__(
        self,
        seed: int,
        indices: Sequence[int],
        device: torch.device = CPU,
        stream: str = "sample",
    ) -> None:
        super().__init__(len(indices), device)
        self._generators = [
            torch.Generator().manual_seed(derive_seed(stream, seed, index)) for index in indices
        ]

    def normal(self, *shape: int) -> Tensor:
        return self._rows(torch.randn, shape)

    def uniform(self, *shape: int) -> Tensor:
        return self._rows(torch.rand, shape)

    def _rows(self, draw: Callable[..., Tensor], shape: tuple[int, ...]) -> Tensor:
        if not self._generators:
            return torch.empty(0, *shape, device=self.device)
        rows = [draw(shape, generator=generator) for generator in self._generators]
        return torch.stack(rows).to(self.device)
