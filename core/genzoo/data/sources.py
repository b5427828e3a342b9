"""From what the user typed to an opened data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from genzoo.data.arrays import ArraySource, read_npz
from genzoo.data.cache import DataCache, Entry
from genzoo.data.dataset import Dataset
from genzoo.data.fingerprint import array_identity, digest, file_identity, fingerprint
from genzoo.data.folder_source import FolderSource
from genzoo.data.raw import RawSamples
from genzoo.data.source import Progress, Source
from genzoo.errors import AmbiguousNameError, DataError, UnknownNameError, UsageError
from genzoo.interfaces.kind import Kind
from genzoo.places import cache_root
from genzoo.records import DatasetSpec

Registered = Callable[[str], tuple[DatasetSpec, Callable[[], RawSamples]]]
"""Looks a name up: its record and its loader. Raises UnknownNameError."""


def open_dataset(
    data: str | Path | RawSamples | NDArray[Any],
    kind: Kind,
    *,
    conditional: bool = False,
    classes: Sequence[str] | None = None,
    cache: Path | None = None,
    registered: Registered | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Open a folder of files, an .npz file, a registered data set, or arrays.

    Args:
        data: A path, a registered name, or arrays.
        kind: What the samples are; options that it leaves open are decided by the data.
        conditional: Whether the samples' contract has the classes; the data must have labels.
        classes: Number the labels by this list, such as that of a model. Default: the data's own.
        cache: Where decoded samples are kept. Default: `cache_root()`.
        registered: Looks up registered names.
        progress: Called while files are decoded.

    Raises:
        UsageError: A name that is unknown or ambiguous, options that the kind refuses, or
            `conditional` for data without labels.
        DataError: The data cannot be read, holds no sample, or has a class that is not in
            `classes`.
        StorageError: The cache cannot be written.
    """
    source = find_source(data, kind, registered)
    store = DataCache(cache or cache_root())
    in_memory = isinstance(source, MemorySource)
    options = source.options(kind) if in_memory else store.options(source, kind)
    kind = type(kind)(options)
    key = fingerprint(source.identity, kind)
    found = _as_they_are(source, kind) or store.entry(key, source, kind, progress)
    return _dataset(source, kind, found, key, conditional, classes)


def find_source(
    data: str | Path | RawSamples | NDArray[Any], kind: Kind, registered: Registered | None
) -> Source:
    """The source that `data` means; see `open_dataset`."""
    if isinstance(data, np.ndarray):
        data = RawSamples(data)
    if isinstance(data, RawSamples):
        return MemorySource(data, kind)
    if not str(data):
        raise UsageError("The name of the data is empty.", "Give a folder or a data set.")
    path = Path(data).expanduser()
    known = _lookup(data, registered) if isinstance(data, str) and registered else None
    if _exists(path):
        if known is not None and path.name == data:
            raise AmbiguousNameError(
                f"'{data}' is both a path here and a registered data set.",
                f"Type ./{data} for the path, or DISTRIBUTION/{data} for the data set.",
            )
        return _from_path(path, str(data), kind)
    if known is not None:
        spec, load = known
        if spec.kind.rpartition("/")[2] != kind.name:
            raise UsageError(
                f"The data set '{data}' holds samples of the kind '{spec.kind}', not '{kind.name}'."
            )
        identity = digest(["registered", spec.name, spec.target, spec.version])
        return ArraySource(load, str(data), identity, kind)
    raise _not_found(data, registered)


class MemorySource(ArraySource):
    """Arrays that the caller holds."""

    def __init__(self, raw: RawSamples, kind: Kind) -> None:
        super().__init__(lambda: raw, "arrays in memory", "", kind)
        self.identity = array_identity(self.raw.samples, self.raw.labels)


def _as_they_are(source: Source, kind: Kind) -> Entry | None:
    """Arrays in memory that need no change are not copied to disk."""
    if not isinstance(source, MemorySource) or not kind.layout.of(source.raw.samples):
        return None
    raw = source.raw
    return Entry(np.ascontiguousarray(raw.samples), raw.labels, raw.classes, ())


def _from_path(path: Path, name: str, kind: Kind) -> Source:
    if path.is_dir():
        return FolderSource(path, name, kind)
    if path.suffix.lower() == ".npz":
        return ArraySource(lambda: read_npz(path, kind), name, file_identity(path), kind)
    if path.suffix.lower() in (".zip", ".tar", ".tgz", ".gz", ".xz", ".bz2", ".7z", ".rar"):
        raise DataError(f"'{name}' is an archive.", "Unpack it and give the folder.")
    raise DataError(
        f"'{name}' is a file, but neither a folder of {kind.array} nor an .npz file.",
        f"Give a folder, such as '{path.parent}'.",
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError as error:
        raise DataError(f"'{path}' cannot be read.", "Check its permissions.") from error
    except OSError:
        return False


def _lookup(
    name: str, registered: Registered
) -> tuple[DatasetSpec, Callable[[], RawSamples]] | None:
    try:
        return registered(name)
    except UnknownNameError:
        return None


def _not_found(data: str | Path, registered: Registered | None) -> UsageError:
    hint = "Check the path."
    if isinstance(data, str) and registered is not None:
        try:
            registered(data)
        except UnknownNameError as error:
            hint = error.hint
    return UnknownNameError(
        f"'{data}' is neither a folder or .npz file here nor a registered data set.", hint
    )


def _dataset(
    source: Source,
    kind: Kind,
    found: Entry,
    key: str,
    conditional: bool,
    classes: Sequence[str] | None,
) -> Dataset:
    labels, names = found.labels, found.classes
    if labels is not None and classes is not None:
        labels, names = _renumbered(labels, names, tuple(classes), source.name), tuple(classes)
    if labels is None and conditional:
        raise UsageError(
            f"The data '{source.name}' has no labels to be conditional on.",
            f"Sort the {kind.array} into one folder per class, or leave --conditional out.",
        )
    try:
        spec = kind.spec(names if conditional else ())
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise DataError(f"The classes of '{source.name}' cannot be used: {reason}.") from error
    notes = (*source.notes, *found.notes)
    return Dataset(kind, found.rows, labels, names, key, source.name, notes, spec)


def _renumbered(
    labels: NDArray[np.int64], names: Sequence[str], classes: Sequence[str], data: str
) -> NDArray[np.int64]:
    unknown = [name for name in names if name not in classes]
    if unknown:
        raise DataError(
            f"'{data}' has classes that were not there before: {', '.join(unknown)}.",
            f"Known: {', '.join(classes)}.",
        )
    numbers = np.array([classes.index(name) for name in names], np.int64)
    return numbers[labels]
