"""From what the user typed to an opened data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from genzoo.cache_folder import cache_root
from genzoo.data.cache import DataCache, Entry
from genzoo.data.data_source import Progress, Source
from genzoo.data.dataset import Dataset
from genzoo.data.file_source import FileSource
from genzoo.data.find_source import MemorySource, Registered, find_source
from genzoo.data.fingerprint import digest, fingerprint
from genzoo.data.folder_source import FolderSource
from genzoo.data.given_data import DataLike
from genzoo.data.outline import Outline, contract, no_labels, outline, renumbered
from genzoo.data.remarks import class_counts
from genzoo.data.remote import WINDOW
from genzoo.data.remote.open import remote_source
from genzoo.data.shard_source import ShardSource
from genzoo.data.streamed_rows import StreamedRows
from genzoo.errors import UsageError
from genzoo.interfaces.kind import Kind


def open_dataset(
    data: DataLike,
    kind: Kind,
    *,
    conditional: bool = False,
    classes: Sequence[str] | None = None,
    cache: Path | None = None,
    registered: Registered | None = None,
    progress: Progress | None = None,
    stream: bool = False,
    note: Callable[[str], None] | None = None,
    window: int = WINDOW,
    check: Callable[[Outline], None] = lambda outline: None,
) -> Dataset:
    """Open a folder, tar shards here or elsewhere, an .npz file, a registered data set, or arrays.

    Args:
        data: A path, a registered name, a list of files, or arrays.
        kind: What the samples are; options that it leaves open are decided by the data.
        conditional: Whether the samples' contract has the classes; the data must have labels.
        classes: Number the labels by this list, such as that of a model. Default: the data's own.
        cache: Where decoded samples are kept. Default: `cache_root()`.
        registered: Looks up registered names.
        progress: Called while files are decoded.
        stream: Decode samples each time they are asked for and keep none.
        note: Hears of samples that cannot be read while they are streamed, and of what takes long.
        window: Shards that are mixed at a time, where they are on other machines.
        check: Called with what is known before anything is decoded, unless it has been before; what
            it raises ends it.

    Raises:
        UsageError: A name that is unknown or ambiguous, options that the kind refuses,
            `conditional` for data without labels, or `stream` for arrays.
        DataError: The data cannot be read, holds no sample, or has a class that is not in
            `classes`.
        StorageError: The cache cannot be written.
    """
    root = cache or cache_root()
    source = _far(data, kind, root, window, note) if stream else None
    source = source or find_source(data, kind, registered, root, note)
    store = DataCache(root)
    in_memory = isinstance(source, MemorySource)
    options = source.options(kind) if in_memory else store.options(source, kind)
    kind = type(kind)(options)
    key = fingerprint(source.identity, kind)

    def before() -> None:
        known = outline(source, kind, conditional, classes)
        if known is not None:
            check(known)

    if stream:
        key, found = digest([key, "streamed"]), _streamed(source, kind, note)
    else:
        # What the library `datasets` reads is its own copy, and arrays are loaded as a whole.
        changes = isinstance(source, (FolderSource, ShardSource))
        look = (lambda: find_source(data, kind, registered, root).identity) if changes else None
        found = _as_they_are(source, kind) or store.entry(key, source, kind, progress, look, before)
    return _dataset(source, kind, found, key, conditional, classes)


def _far(
    data: object, kind: Kind, root: Path, window: int, note: Callable[[str], None] | None
) -> Source | None:
    return remote_source(data, kind, root, window, note) if isinstance(data, str) else None


def _streamed(source: Source, kind: Kind, note: Callable[[str], None] | None) -> Entry:
    if not isinstance(source, FileSource):
        raise UsageError(
            f"'{source.name}' is an array and cannot be streamed.", "Leave --stream out."
        )
    labels = source.labels(range(len(source)))
    rows = StreamedRows(source, kind, labels.values, note or (lambda text: None))
    return Entry(rows, labels.values, labels.classes, labels.notes)


def _as_they_are(source: Source, kind: Kind) -> Entry | None:
    """Arrays in memory that need no change are not copied to disk."""
    if not isinstance(source, MemorySource) or not kind.layout.of(source.raw.samples):
        return None
    raw = source.raw
    return Entry(np.ascontiguousarray(raw.samples), raw.labels, raw.classes, ())


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
        labels, names = renumbered(labels, names, tuple(classes), source.name), tuple(classes)
    if labels is None and conditional:
        raise no_labels(source.name, source.labels(range(len(source))), kind, classes)
    spec = contract(kind, names if conditional else (), source.name)
    notes = [*source.notes, *found.notes]
    if conditional and labels is not None:
        notes.append(class_counts(names, np.bincount(labels, minlength=len(names)).tolist(), kind))
    blocks = source.blocks if isinstance(source, FileSource) else None
    return Dataset(kind, found.rows, labels, names, key, source.name, tuple(notes), spec, blocks)
