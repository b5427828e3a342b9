"""What a loss sees of the training step that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.interfaces.noise import BatchNoise, Noise, ShareNoise, derive_seed
from genzoo.interfaces.prior import Prior

T = TypeVar("T")


@dataclass(frozen=True)
class Batch:
    """Samples (N, *sample shape) in the sample's range, and class labels (N,) or None."""

    x: Tensor
    labels: Tensor | None = None

    def __len__(self) -> int:
        return self.x.shape[0]


class Step:
    """One batch with its parts, random streams and shared values.

    Where several processes train together, each sees its own rows of the global batch. Losses are
    averaged over all rows by the core; what else a loss takes over the batch goes through
    `batch_mean`.

    Args:
        index: Number of the training step, from 0.
        total: Number of steps the run is planned for.
        batch: Real samples: this process's rows.
        parts: Networks by name.
        prior: Where latents are drawn from.
        identity: What the random streams are derived from, e.g. seed, step, draw.
        processes: The processes that share the batch, each with as many rows.
    """

    def __init__(
        self,
        *,
        index: int,
        total: int,
        batch: Batch,
        parts: Mapping[str, nn.Module],
        prior: Prior,
        identity: tuple[int | str, ...] = (0,),
        processes: ProcessGroup = SINGLE_PROCESS,
    ) -> None:
        self.index = index
        self.total = total
        self.batch = batch
        self.parts = parts
        self.prior = prior
        self.used: set[str] = set()
        self.reported: dict[str, Tensor] = {}
        self._identity = identity
        self._processes = processes
        self._noises: dict[tuple[str, int], Noise] = {}
        self._shared: dict[str, Any] = {}

    def part(self, name: str) -> Any:
        """The network of that name. Typed loosely: the objective knows which interface it has."""
        return self.parts[name]

    def noise(self, name: str, count: int | None = None) -> Noise:
        """The random stream `name` for `count` rows (default: the batch's).

        Asking again for the same name goes on in the same stream; different names are independent.
        """
        rows = len(self.batch) if count is None else count
        key = (name, rows)
        if key not in self._noises:
            self._noises[key] = self._open_noise(name, rows * self._processes.size)
        return self._noises[key]

    def _open_noise(self, name: str, rows: int) -> Noise:
        """The stream for the rows of all processes, or what this one has of it."""
        noise = BatchNoise(rows, derive_seed(*self._identity, name, rows), self.batch.x.device)
        return noise if self._processes.size == 1 else ShareNoise(noise, self._processes.rows(rows))

    def batch_mean(self, x: Tensor) -> Tensor:
        """The mean of `x` (N, *shape) over the rows of the global batch, of `shape`.

        Gradients flow through it. Every process must call it, as often and in the same order.
        """
        return self._processes.mean(x.mean(0))

    def latents(self, name: str = "latent", count: int | None = None) -> Tensor:
        """Latents drawn from the prior, (count, *latent shape)."""
        return self.prior.sample(self.noise(name, count))

    def once(self, key: str, make: Callable[[], T]) -> T:
        """The value of `make()`, computed by the first phase of the step that asks for `key`."""
        self.used.add(key)
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]

    def report(self, name: str, value: Tensor) -> None:
        """Log the mean of `value` without training on it."""
        self.reported[name] = value.detach().mean()

    @property
    def device(self) -> torch.device:
        """Where the batch lives."""
        return self.batch.x.device
