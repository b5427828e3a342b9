"""What is judged: a model's samples beside the data, as images and as features."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genzoo.data.dataset import Dataset
from genzoo.data.shuffle import Order
from genzoo.distributed.divided_work import drain, in_order
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.evaluation.feature_cache import FeatureCache, Pieces, extracted, temporary_features
from genzoo.evaluation.settings import Settings, used_samples
from genzoo.evaluation.spaces import Computed, Space
from genzoo.interfaces.feature_extractor import FeatureExtractor
from genzoo.model.batches import evaluating
from genzoo.model.model import Model
from genzoo.progress import Progress, silent

Images = Callable[[range], NDArray[Any]]
"""Gives rows as they are stored, such as images (n, height, width, channels) uint8."""

Wanted = str | list[int]
"""The name of features, or the number of a metric and how many rows of it."""


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
        others: Further feature spaces with their full names; see `through`.
        attributes: Labels of the data beside its classes, (N,) each, in the order of the data.
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
        others: Sequence[tuple[str, FeatureExtractor]] = (),
        attributes: Mapping[str, NDArray[np.str_]] | None = None,
    ) -> None:
        self.model = model
        self.data = data
        self.held_out = held_out
        self.settings = settings
        self.progress = progress
        named = [(space, extractor), *others]
        self.spaces = [Space(name, one, FeatureCache(cache, one, name)) for name, one in named]
        self.computed = Computed()
        self._number = 0
        self._processes = processes
        self._metrics = metrics
        self._attributes = attributes or {}

    def through(self, number: int) -> Subject:
        """The same model and data, seen in another of `spaces`; nothing is computed again."""
        view = copy.copy(self)
        view._number = number
        return view

    @property
    def extractor(self) -> FeatureExtractor:
        """The feature space."""
        return self._space.extractor

    @property
    def space(self) -> str:
        """The extractor's full name, `distribution/name`."""
        return self._space.name

    @property
    def _space(self) -> Space:
        self.computed.looked = True
        return self.spaces[self._number]

    @cached_property
    def attributes(self) -> Mapping[str, NDArray[np.str_]]:
        """Labels of the rows of `real`, (N,) each, by the attribute's name; empty without."""
        return {name: labels[self.order] for name, labels in self._attributes.items()}

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Indices of the data's images that are used, in the order of `real`."""
        return self._used.indices

    @cached_property
    def _used(self) -> Order:
        return used_samples(self.data, self.settings.most_data)

    @property
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
        count = len(self.real)
        return self._space.cache.derived(self.data.fingerprint, count, name, compute)

    @property
    def unseen(self) -> NDArray[np.float32] | None:
        """Features of the held-out data, if there is some."""
        if self.held_out is None:
            return None
        return self._data_features(self.held_out, "unseen", "Features of the held-out data")

    @property
    def fake(self) -> NDArray[np.float32]:
        """Features of the samples, (M, D), after rounding to 8 bits as saved images are.

        Samples are drawn once, for all spaces.
        """
        self.computed.looked = True
        found = self.computed.features
        if ("fake", 0) not in found:
            count = self.settings.count
            advance = self._advance("Features of samples", count)
            every = temporary_features(self._pieces("fake"), count, advance)
            edges = np.cumsum(self.computed.widths)[:-1]
            for number, own in enumerate(np.split(every, edges, axis=1)):
                found["fake", number] = own
        return found["fake", self._number]

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
        found, number = self.computed.features, self._number
        if (name, number) not in found:
            used = len(used_samples(data, self.settings.most_data).indices)
            cache, advance = self._space.cache, self._advance(what, used)
            found[name, number] = cache.features(
                data.fingerprint, used, lambda: self._pieces(f"{name} {number}"), advance
            )
        self.computed.looked = True
        return found[name, number]

    def _pieces(self, name: str) -> Pieces:
        """Features of `fake`, or of `real` or `unseen` in a space, in batches, by all processes."""
        self._processes.share(name)
        return self._divided(name)

    def _divided(self, wanted: Wanted) -> Iterator[NDArray[Any]]:
        count, make = self._of(wanted) if isinstance(wanted, str) else self._rows_of(*wanted)
        return in_order(self._processes, make, count, self.settings.batch_size)

    def _rows_of(self, metric: int, count: int) -> tuple[int, Images]:
        return count, lambda numbers: self._metrics[metric].rows(self, numbers)

    def _of(self, wanted: str) -> tuple[int, Images]:
        name, _, number = wanted.partition(" ")
        count, images = self._images_of(name)
        spaces = [self.spaces[int(number)]] if number else self.spaces

        def features(numbers: range) -> NDArray[np.float32]:
            rows = self.data.kind.seen(images(numbers))
            found = [extracted(space.extractor, rows) for space in spaces]
            if not number:
                self.computed.widths[:] = [one.shape[1] for one in found]
            return np.concatenate(found, axis=1)

        return count, features

    def _images_of(self, name: str) -> tuple[int, Images]:
        """How many there are, and what gives those of certain numbers, as they are stored."""
        spec = self.model.sample_spec
        if name == "fake":
            return self.settings.count, lambda numbers: self.data.kind.rows(
                self.samples(numbers.start, len(numbers)), spec
            )
        data = self.held_out if name == "unseen" else self.data
        assert data is not None
        order = used_samples(data, self.settings.most_data)

        def images(numbers: range) -> NDArray[np.generic]:
            data.prepare(order.blocks_from(numbers.start))
            x, _ = data.batch(order.indices[numbers.start : numbers.stop], spec)
            return data.kind.rows(x, spec)

        return len(order.indices), images

    def _advance(self, what: str, total: int) -> Callable[[int], None]:
        return lambda done: self.progress(what, done, total)
