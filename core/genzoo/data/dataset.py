"""An opened data set: decoded samples, their labels and how they became so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genzoo.data.row_files import BlockRows, Rows, readable
from genzoo.interfaces.data_source import Blocks
from genzoo.interfaces.kind import Kind
from genzoo.specs import SampleSpec

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from genzoo.data.batch_stream import Gather
    from genzoo.model.through import Through


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows held in memory, in a file, or decoded as they are asked for.

    Attributes:
        kind: What they are, with the options they were made with.
        rows: (N, *layout.shape) of the layout's type, C-contiguous: an array, such as a read-only
            memory map, or what reads them by number.
        labels: (N,) indices into `classes`, or None where the data has no classes.
        classes: Class names in label order.
        fingerprint: Changes whenever the rows, their order or their decoding does.
        name: What the user typed.
        notes: Sentences worth telling the user, e.g. which files were skipped.
        spec: The samples' contract; it has classes only if the data was opened as conditional.
        blocks: How they lie, where those of a block are to be had together.
    """

    kind: Kind
    rows: NDArray[Any] | Rows
    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    fingerprint: str
    name: str
    notes: tuple[str, ...]
    spec: SampleSpec
    blocks: Blocks | None = None

    @property
    def content(self) -> Dataset:
        """What is shown and compared with samples: itself, or what its latents were made of."""
        return self

    @property
    def through(self) -> Through | None:
        """The autoencoder whose latents the rows are."""
        return None

    def __len__(self) -> int:
        return self.rows.shape[0]

    def batch(
        self,
        indices: NDArray[np.int64] | Tensor,
        spec: SampleSpec,
        device: torch.device | str = "cpu",
    ) -> tuple[Tensor, Tensor | None]:
        """The samples at `indices` and, if conditional, their labels.

        Args:
            indices: (n,).
            spec: The samples' contract, such as a model's; its range may differ from the data's.
            device: Where to put them.

        Returns:
            (n, *spec.shape) float32 in the range of `spec`, and (n,) int64 labels, or None.
        """
        return self._gather(indices, spec, device)

    @property
    def reading_seconds(self) -> float:
        """Time that `batch` has spent on reading rows so far."""
        return self._gather.seconds

    def expect(self, indices: NDArray[np.int64]) -> None:
        """Announce the next batch: what is not in memory is read while something else is done.

        Args:
            indices: (n,). Nothing is lost, but time, where others are asked for after all.
        """
        self._gather.expect(indices)

    def prepare(self, blocks: Sequence[int]) -> None:
        """Announce the blocks that are needed from now on, so that they can be had ahead.

        Args:
            blocks: Numbers of them, those needed first to begin with.
        """
        if isinstance(self.rows, BlockRows):
            self.rows.prepare(blocks)

    @property
    def extent(self) -> int:
        """How many of the first samples are quickly at hand: all, or those of the first window."""
        return len(self) if self.blocks is None else self.blocks.head

    def spread(self, count: int) -> NDArray[np.int64]:
        """Indices of at most `count` samples spread over `extent`."""
        count = min(count, self.extent)
        return np.arange(count, dtype=np.int64) * self.extent // count

    def again(
        self, indices: NDArray[np.int64], spec: SampleSpec, device: torch.device | str = "cpu"
    ) -> tuple[Tensor, Tensor | None]:
        """As `batch`, for samples that are asked for again and again: from afar they come once."""
        if self.blocks is None:
            return self.batch(indices, spec, device)
        key = (indices.tobytes(), spec.model_dump_json())
        if key not in self._kept:
            self._kept[key] = self.batch(indices, spec)
        x, labels = self._kept[key]
        return x.to(device), None if labels is None else labels.to(device)

    @cached_property
    def _kept(self) -> dict[tuple[bytes, str], tuple[Tensor, Tensor | None]]:
        return {}

    @cached_property
    def _gather(self) -> Gather:
        from genzoo.data.batch_stream import Gather

        return Gather(
            self.kind, readable(self.rows), self.labels if self.spec.conditional else None
        )
