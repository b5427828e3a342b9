"""What is judged: a model's samples beside the data, as images and as features."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo.data.dataset import Dataset
from genzoo.data.shuffle import Order, shuffled
from genzoo.distributed.divided_work import drain, in_order
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.evaluation.feature_cache import FeatureCache, Pieces, extracted, temporary_features
from genzoo.interfaces.feature_extractor import FeatureExtractor
from genzoo.model.batches import evaluating
from genzoo.model.model import Model
from genzoo.progress import Progress, silent

LARGEST_DATA = 50_000
"""Images of the data that are used at most."""

Images = Callable[[range], NDArray[Any]]
"""Gives rows as they are stored, such as images (n, height, width, channels) uint8."""

Wanted = str | list[int]
"""The name of features, or the number of a metric and how many rows of it."""


@dataclass(frozen=True)
class Settings:
    """How samples are drawn.

    Attributes:
        count: Number of samples.
        seed: Names their sequence.
        prior: The prior that latents are drawn from; the model's own by default.
        truncation: Shrinks latents towards the prior's centre, in (0, 1].
        label_prior: For a model with classes: `uniform`, all in turn, or `data`, as often as there.
        batch_size: How many to compute at once; does not change the numbers.
        sampling: Other values of the architecture's sampling options.
    """

    count: int
    seed: int = 0
    prior: str | None = None
    truncation: float = 1.0
    label_prior: str = "uniform"
    batch_size: int = 64
    sampling: Mapping[str, Any] = field(default_factory=dict)


def used_samples(data: Dataset, limit: int = LARGEST_DATA) -> Order:
    """The samples of a data set that are used, in a fixed random order: at most `limit`.

    Any number of the first is a fair selection, whatever order the data is in. Data in blocks are
    taken block by block: the first are a fair selection only as far as the blocks are alike.
    """
    order = shuffled(len(data), data.blocks, np.random.Generator(np.random.PCG64(0)))
    return replace(order, indices=order.indices[:limit].astype(np.int64))


class JudgesRows(Protocol):
    """What `Subject.rows` needs of a metric."""

    def rows(self, subject: Subject, numbers: range, /) -> NDArray[np.float64]:
        """Numbers about each of these items of the data, (n, k)."""


class Subject:
    """A model and data to judge it by; features are computed when they are first asked for.

    Of several processes one measures: rank 0, which has all features and rows and calls `dismiss`
    when it wants no more. The others compute their batches of them in `assist`.

    Args:
        model: The model.
        data: What it should be like, usually what it was trained on.
        settings: How samples are drawn.
        extractor: The feature space.
        space: The extractor's full name, `distribution/name`.
        cache: Folder for what can be computed again.
        held_out: Data that the model was not trained on, if there is some.
        progress: Hears how far the work is.
        processes: The processes that compute features together.
        metrics: Those whose rows they compute together.
    """

    def __init__(
        self,
        model: Model,
        data: Dataset,
        settings: Settings,
        extractor: FeatureExtractor,
        space: str,
        cache: Path,
        held_out: Dataset | None = None,
        progress: Progress = silent,
        processes: ProcessGroup = SINGLE_PROCESS,
        metrics: Sequence[JudgesRows] = (),
    ) -> None:
        self.model = model
        self.data = data
        self.held_out = held_out
        self.settings = settings
        self.extractor = extractor
        self.space = space
        self.progress = progress
        self._cache = FeatureCache(cache, extractor, space)
        self._processes = processes
        self._metrics = metrics

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Indices of the data's images that are used, in the order of `real`."""
        return self._used.indices

    @cached_property
    def _used(self) -> Order:
        return used_samples(self.data)

    @cached_property
    def real(self) -> NDArray[np.float32]:
        """Features of the data, (N, D), in random order: the first n are a fair selection."""
        return self._data_features(self.data, "real", "Features of the data")

    @cached_property
    def real_labels(self) -> NDArray[np.int64] | None:
        """Classes of the rows of `real`, (N,), or None for a model without."""
        if not self.model.sample_spec.conditional:
            return None
        return None if self.data.labels is None else self.data.labels[self.order]

    def derived(self, name: str, compute: Callable[[], NDArray[np.float64]]) -> NDArray[np.float64]:
        """What a metric computes of `real` alone, kept in genzoo's cache with the features.

        Args:
            name: Names the array among those of all metrics: begin it with your plugin's name.
            compute: Makes it where it is not there yet.
        """
        return self._cache.derived(self.data.fingerprint, len(self.real), name, compute)

    @cached_property
    def unseen(self) -> NDArray[np.float32] | None:
        """Features of the held-out data, if there is some."""
        if self.held_out is None:
            return None
        return self._data_features(self.held_out, "unseen", "Features of the held-out data")

    @cached_property
    def fake(self) -> NDArray[np.float32]:
        """Features of the samples, (M, D), after rounding to 8 bits as saved images are."""
        count = self.settings.count
        advance = self._advance("Features of samples", count)
        return temporary_features(self._pieces("fake"), count, advance)

    def samples(self, start: int, count: int) -> Tensor:
        """Samples number `start` and on, (count, *sample shape), in the range of the model."""
        labels = self.sample_labels(start, count)
        chosen = self.settings
        return self.model.sample(
            count,
            seed=chosen.seed,
            labels=labels,
            truncation=chosen.truncation,
            prior=chosen.prior,
            batch_size=chosen.batch_size,
            start=start,
            **chosen.sampling,
        )

    def sample_labels(self, start: int, count: int) -> Tensor | None:
        """Classes of samples number `start` and on, (count,), or None for a model without."""
        classes = len(self.model.sample_spec.classes)
        if not classes:
            return None
        numbers = np.arange(start, start + count)
        if self.settings.label_prior == "uniform":
            return torch.from_numpy(numbers % classes)
        if self.data.labels is None:
            return None
        return torch.from_numpy(self.data.labels[self.order[numbers % len(self.order)]])

    def images(self, numbers: range) -> tuple[Tensor, Tensor | None]:
        """Those images of the data in `order`, on the model's device.

        Returns:
            Samples (n, *sample shape) in the range of the model, and labels if it has classes.
        """
        self.data.prepare(self._used.blocks_from(numbers.start))
        chosen = self.order[numbers.start : numbers.stop]
        return self.data.batch(chosen, self.model.sample_spec, self.model.device)

    def rows(self, metric: JudgesRows, count: int, what: str) -> NDArray[np.float64]:
        """`metric.rows` of the first `count` images of the data in `order`, by all processes.

        Args:
            metric: One of the evaluation's.
            count: Number of images.
            what: Told as what is being done.

        Returns:
            (count, k).
        """
        wanted = [self._metrics.index(metric), count]
        self._processes.share(wanted)
        pieces, done = [], 0
        for piece in self._divided(wanted):
            pieces.append(piece)
            done += len(piece)
            self.progress(what, done, count)
        return np.concatenate(pieces)

    def assist(self) -> None:
        """Compute this process's batches of whatever rank 0 wants, until it wants no more.

        Raises:
            ProcessGroupError: Rank 0 has ended.
        """
        with evaluating(self.model):
            while (wanted := self._processes.share(None)) is not None:
                drain(self._divided(wanted))

    def dismiss(self) -> None:
        """Tell the processes in `assist` that nothing is wanted any more. For rank 0."""
        self._processes.share(None)

    def _data_features(self, data: Dataset, name: str, what: str) -> NDArray[np.float32]:
        used = len(used_samples(data).indices)
        return self._cache.features(
            data.fingerprint, used, lambda: self._pieces(name), self._advance(what, used)
        )

    def _pieces(self, name: str) -> Pieces:
        """Features of `real`, `unseen` or `fake` in batches, by all processes."""
        self._processes.share(name)
        return self._divided(name)

    def _divided(self, wanted: Wanted) -> Iterator[NDArray[Any]]:
        count, make = self._of(wanted) if isinstance(wanted, str) else self._rows_of(*wanted)
        return in_order(self._processes, make, count, self.settings.batch_size)

    def _rows_of(self, metric: int, count: int) -> tuple[int, Images]:
        return count, lambda numbers: self._metrics[metric].rows(self, numbers)

    def _of(self, name: str) -> tuple[int, Images]:
        count, images = self._images_of(name)
        return count, lambda numbers: extracted(self.extractor, images(numbers))

    def _images_of(self, name: str) -> tuple[int, Images]:
        """How many there are, and what gives those of certain numbers, as they are stored."""
        spec = self.model.sample_spec
        if name == "fake":
            return self.settings.count, lambda numbers: self.data.kind.rows(
                self.samples(numbers.start, len(numbers)), spec
            )
        data = self.held_out if name == "unseen" else self.data
        assert data is not None
        order = used_samples(data)

        def images(numbers: range) -> NDArray[np.generic]:
            data.prepare(order.blocks_from(numbers.start))
            x, _ = data.batch(order.indices[numbers.start : numbers.stop], spec)
            return data.kind.rows(x, spec)

        return len(order.indices), images

    def _advance(self, what: str, total: int) -> Callable[[int], None]:
        return lambda done: self.progress(what, done, total)
