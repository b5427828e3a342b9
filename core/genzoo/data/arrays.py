"""Samples that come as arrays: from memory, from an .npz file, or from a registered data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genzoo.data.decoding import attempt_entry
from genzoo.data.fingerprint import array_identity
from genzoo.data.npz_archives import Archive
from genzoo.errors import DataError
from genzoo.interfaces.data_source import DecodedSource, Labels, Outcomes, RawSamples
from genzoo.interfaces.decoded import Decoded
from genzoo.interfaces.kind import Kind
from genzoo.specs import Config


class ArraySource(DecodedSource):
    """Arrays that are loaded only when they are needed.

    Args:
        load: Returns the arrays; checked with `checked` on first use.
        name: What the user typed.
        kind: What they hold.
        known: Gives their identity, from the arrays or from what is remembered of them.
    """

    may_change = False  # they are loaded as a whole

    def __init__(
        self,
        load: Callable[[], RawSamples],
        name: str,
        kind: Kind,
        known: Callable[[Callable[[], str]], str] = lambda find: find(),
    ) -> None:
        self.name = name
        self.kind = kind
        self._load = load
        self.identity = known(self._content)

    @cached_property
    def raw(self) -> RawSamples:
        """The arrays as the kind takes them, with labels numbered from 0."""
        return checked(self._load(), self.name, self.kind)

    def _content(self) -> str:
        return array_identity(self.raw.samples, self.raw.labels, self.raw.classes)

    def __len__(self) -> int:
        return len(self.raw.samples)

    def options(self, kind: Kind) -> Config:
        return kind.options_for_array(self.raw.samples)

    def names(self) -> Sequence[str]:
        return [f"{self.kind.noun} {number}" for number in range(len(self.raw.samples))]

    def outcomes(self, kind: Kind) -> Outcomes:
        samples = self.raw.samples
        fits = kind.layout.of(samples)
        for number in range(len(samples)):
            if fits:
                yield Decoded(samples[number : number + 1])
            else:
                yield attempt_entry(kind, samples[number])

    def labels(self, kept: Sequence[int]) -> Labels:
        if self.raw.labels is None:
            return Labels(None, (), missing="it has no array 'labels'")
        return Labels(self.raw.labels[np.asarray(kept)], self.raw.classes)


def checked(raw: RawSamples, name: str, kind: Kind) -> RawSamples:
    """`raw` with samples as `kind` takes them and labels that index the classes.

    Raises:
        DataError: Shapes, types, values or labels make no data set.
    """
    samples = kind.check(np.asarray(raw.samples), name)
    if not len(samples):
        raise DataError(f"There is no {kind.noun} in '{name}'.")
    _refuse_non_finite(samples, name, kind)
    if raw.labels is None:
        return RawSamples(samples)
    labels, classes = number_labels(
        np.asarray(raw.labels), tuple(raw.classes), len(samples), name, kind
    )
    return RawSamples(samples, labels, classes)


def number_labels(
    labels: NDArray[Any], classes: tuple[str, ...], count: int, name: str, kind: Kind
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Labels that index class names, and these.

    Args:
        labels: (count,) integers, or names.
        classes: Class names that integers index; empty to take the values for classes.
        count: Number of samples.
        name: What the data are called.
        kind: What they hold.

    Raises:
        DataError: Labels of another number or type, or that no class has.
    """
    if labels.shape != (count,) or labels.dtype.kind not in "iubUS":
        raise DataError(
            f"The labels of '{name}' are {labels.dtype} of shape {labels.shape}.",
            f"They must be {count} integers or names, one for each {kind.noun}.",
        )
    if not classes:
        if labels.dtype.kind == "S":
            labels = np.char.decode(labels, "utf-8", "replace")
        values, numbers = np.unique(labels, return_inverse=True)
        return numbers.astype(np.int64), tuple(str(value) for value in values.tolist())
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= len(classes):
        raise DataError(f"The labels of '{name}' are not numbers from 0 to {len(classes) - 1}.")
    return labels.astype(np.int64), classes


def read_arrays(path: Path, kind: Kind) -> RawSamples:
    """The samples in an .npz or .npy file.

    Raises:
        DataError: The file cannot be read, or it is not clear which array holds the samples.
    """
    return read_npy(path) if path.suffix.lower() == ".npy" else read_npz(path, kind)


def read_npz(path: Path, kind: Kind) -> RawSamples:
    """The samples, `labels` (optional) and `classes` (optional) of an .npz file.

    Samples under another name than the kind's are found where only one array can hold them.

    Raises:
        DataError: The file cannot be read, or it is not clear which array holds the samples.
    """
    try:
        with path.open("rb") as file:
            return _pick(Archive(file, str(path)), path, kind)
    except DataError:
        raise
    except Exception as error:  # damaged bytes surface as errors of many kinds
        raise DataError(
            f"'{path}' cannot be read as an .npz file.", "Write it with numpy.savez."
        ) from error


def read_npy(path: Path) -> RawSamples:
    """The samples in an .npy file, mapped into memory.

    Raises:
        DataError: The file cannot be read.
    """
    try:
        return RawSamples(np.load(path, mmap_mode="r", allow_pickle=False))
    except Exception as error:  # damaged bytes surface as errors of many kinds
        raise DataError(
            f"'{path}' cannot be read as an .npy file.", "Write it with numpy.save."
        ) from error


def _pick(archive: Mapping[str, Any], path: Path, kind: Kind) -> RawSamples:
    keys = list(archive)
    samples = archive[kind.array] if kind.array in keys else _only_fitting(archive, path, kind)
    labels = archive["labels"] if "labels" in keys else None
    classes = tuple(str(name) for name in archive["classes"].tolist()) if "classes" in keys else ()
    return RawSamples(samples, labels, classes)


def _only_fitting(archive: Mapping[str, Any], path: Path, kind: Kind) -> NDArray[Any]:
    arrays = {key: archive[key] for key in archive}
    fitting = [
        array
        for key, array in arrays.items()
        if key not in ("labels", "classes") and _fits(array, path, kind)
    ]
    if len(fitting) != 1:
        raise DataError(
            f"'{path}' has no array named '{kind.array}', only: {', '.join(arrays) or 'nothing'}.",
            f"Save the {kind.array} under that name: numpy.savez(path, {kind.array}=...).",
        )
    return fitting[0]


def _fits(array: NDArray[Any], path: Path, kind: Kind) -> bool:
    try:
        kind.check(array, str(path))
    except DataError:
        return False
    return True


def _refuse_non_finite(samples: NDArray[Any], name: str, kind: Kind) -> None:
    if samples.dtype.kind != "f":
        return
    sums = samples.reshape(len(samples), -1).sum(1, dtype=np.float64)
    if not np.isfinite(sums).all():
        first = int(np.argmin(np.isfinite(sums)))
        raise DataError(
            f"The {kind.noun} {first} of '{name}' has values that are not finite.",
            f"Leave such {kind.array} out.",
        )
