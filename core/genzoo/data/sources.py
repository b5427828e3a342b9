"""From what the user typed to an opened data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from genzoo.data.arrays import ArraySource, read_npz
from genzoo.data.cache import DataCache, Entry, cache_root
from genzoo.data.dataset import Dataset
from genzoo.data.decode import DecodeSettings, parse_colour
from genzoo.data.fingerprint import array_identity, digest, file_identity, fingerprint
from genzoo.data.folder_source import FolderSource
from genzoo.data.raw import RawSamples
from genzoo.data.source import Progress, Source
from genzoo.errors import AmbiguousNameError, DataError, UnknownNameError, UsageError
from genzoo.records import DatasetSpec
from genzoo.specs import SampleSpec

Registered = Callable[[str], tuple[DatasetSpec, Callable[[], RawSamples]]]
"""Looks a name up: its record and its loader. Raises UnknownNameError."""

DEFAULT_SIZE = 64
LARGEST_DEFAULT = 128
"""Larger images are reduced unless a size is asked for: networks for them train for days."""


def open_dataset(
    data: str | Path | RawSamples | NDArray[np.uint8],
    *,
    size: int | None = None,
    channels: int | None = None,
    background: str = "white",
    conditional: bool = False,
    classes: Sequence[str] | None = None,
    cache: Path | None = None,
    registered: Registered | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Open a folder of images, an .npz file, a registered data set, or arrays.

    Args:
        data: A path, a registered name, or images (N, height, width, channels) uint8.
        size: Height and width in pixels, a power of two. Default: that of the images where all are
            squares of one power of two up to 128, else 64.
        channels: 3 (RGB) or 1 (grey). Default: 3, or 1 for arrays of grey images.
        background: Colour under transparent pixels: a name or `#rrggbb`.
        conditional: Whether the samples' contract has the classes; the data must have labels.
        classes: Number the labels by this list, such as that of a model. Default: the data's own.
        cache: Where decoded images are kept. Default: `cache_root()`.
        registered: Looks up registered names.
        progress: Called while images are decoded.

    Raises:
        UsageError: A name that is unknown or ambiguous, a bad size, colour or number of channels,
            or `conditional` for data without labels.
        DataError: The data cannot be read, holds no image, or has a class that is not in `classes`.
        StorageError: The cache cannot be written.
    """
    if size is not None:
        check_size(size)
    if channels not in (None, 1, 3):
        raise UsageError(f"Images have 1 or 3 channels, not {channels}.")
    colour = parse_colour(background)
    source = find_source(data, registered)
    store = DataCache(cache or cache_root())
    channels = channels or source.channels
    if size is None or channels is None:
        native = source.native() if isinstance(source, MemorySource) else store.native(source)
        size = size or _default_size(native.size)
        channels = channels or native.channels
    settings = DecodeSettings(size, channels, colour)
    key = fingerprint(source.identity, settings)
    found = _as_they_are(source, settings) or store.entry(key, source, settings, progress)
    return _dataset(source, found, key, conditional, classes)


def check_size(size: int) -> None:
    """Raise UsageError unless `size` is a power of two."""
    if size < 2 or size & (size - 1):
        raise UsageError(f"The size must be a power of two such as 32, 64 or 128, not {size}.")


def find_source(
    data: str | Path | RawSamples | NDArray[np.uint8], registered: Registered | None
) -> Source:
    """The source that `data` means; see `open_dataset`."""
    if isinstance(data, np.ndarray):
        data = RawSamples(data)
    if isinstance(data, RawSamples):
        return MemorySource(data)
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
        return _from_path(path, str(data))
    if known is not None:
        spec, load = known
        identity = digest(["registered", spec.name, spec.target, spec.version])
        return ArraySource(load, str(data), identity)
    raise _not_found(data, registered)


class MemorySource(ArraySource):
    """Arrays that the caller holds."""

    def __init__(self, raw: RawSamples) -> None:
        super().__init__(lambda: raw, "arrays in memory", "")
        self.identity = array_identity(self.raw.images, self.raw.labels)


def _as_they_are(source: Source, settings: DecodeSettings) -> Entry | None:
    """Arrays in memory that need no change are not copied to disk."""
    if not isinstance(source, MemorySource):
        return None
    raw = source.raw
    if raw.images.shape[1:] != (settings.size, settings.size, settings.channels):
        return None
    return Entry(np.ascontiguousarray(raw.images), raw.labels, raw.classes, ())


def _from_path(path: Path, name: str) -> Source:
    if path.is_dir():
        return FolderSource(path, name)
    if path.suffix.lower() == ".npz":
        return ArraySource(lambda: read_npz(path), name, file_identity(path))
    if path.suffix.lower() in (".zip", ".tar", ".tgz", ".gz", ".xz", ".bz2", ".7z", ".rar"):
        raise DataError(f"'{name}' is an archive.", "Unpack it and give the folder.")
    raise DataError(
        f"'{name}' is a file, but neither a folder of images nor an .npz file.",
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


def _default_size(native: int | None) -> int:
    if native is None or native & (native - 1) or not 8 <= native <= LARGEST_DEFAULT:
        return DEFAULT_SIZE
    return native


def _dataset(
    source: Source, found: Entry, key: str, conditional: bool, classes: Sequence[str] | None
) -> Dataset:
    labels, names = found.labels, found.classes
    if labels is not None and classes is not None:
        labels, names = _renumbered(labels, names, tuple(classes), source.name), tuple(classes)
    if labels is None and conditional:
        raise UsageError(
            f"The data '{source.name}' has no labels to be conditional on.",
            "Sort the images into one folder per class, or leave --conditional out.",
        )
    height, width, channels = found.images.shape[1:]
    try:
        spec = SampleSpec(shape=(channels, height, width), classes=names if conditional else ())
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise DataError(f"The classes of '{source.name}' cannot be used: {reason}.") from error
    notes = (*source.notes, *found.notes)
    return Dataset(found.images, labels, names, key, source.name, notes, spec)


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
