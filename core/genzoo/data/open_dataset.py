"""From what the user typed to an opened data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from genzoo.data.cache import DataCache, Entry
from genzoo.data.data_argument import DataLike
from genzoo.data.data_notes import class_counts
from genzoo.data.dataset import Dataset
from genzoo.data.decoding import quiet_decoding
from genzoo.data.find_source import MemorySource, find_source
from genzoo.data.fingerprint import digest, fingerprint
from genzoo.data.refuse_before_decoding import Outline, contract, no_labels, outline, renumbered
from genzoo.data.streamed_files import StreamedFiles, count_rows
from genzoo.data.streamed_rows import StreamedRows
from genzoo.errors import UsageError
from genzoo.interfaces.data_source import WINDOW, DataSource, FileSource
from genzoo.interfaces.kind import Kind
from genzoo.progress import Progress, silent
from genzoo.registry import Registry
from genzoo.system.cache_folder import cache_root


def open_dataset(
    data: DataLike,
    kind: Kind,
    *,
    conditional: bool = False,
    classes: Sequence[str] | None = None,
    cache: Path | None = None,
    registry: Registry | None = None,
    progress: Progress = silent,
    stream: bool = False,
    note: Callable[[str], None] | None = None,
    window: int = WINDOW,
    check: Callable[[Outline], None] = lambda outline: None,
) -> Dataset:
    """Open a folder, an .npz file, arrays, a registered data set, or data of a registered source.

    Args:
        data: A path, a registered name, a list of files, or arrays.
        kind: What the samples are; options that it leaves open are decided by the data.
        conditional: Whether the samples' contract has the classes; the data must have labels.
        classes: Number the labels by this list, such as that of a model. Default: the data's own.
        cache: Where decoded samples are kept. Default: `cache_root()`.
        registry: Where data sources and data sets are registered; by default none is.
        progress: Hears how many are decoded.
        stream: Decode samples each time they are asked for and keep none.
        note: Hears of samples that cannot be read while they are streamed, and of what takes long.
        window: Shards on other machines, or files of several samples, that are mixed at a time.
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
    registry = Registry() if registry is None else registry
    note = note or (lambda text: None)
    source = find_source(data, kind, registry, root, stream=stream, window=window, note=note)
    store = DataCache(root)
    in_memory = isinstance(source, MemorySource)
    with quiet_decoding():
        options = source.options(kind) if in_memory else store.options(source, kind)
    kind = type(kind)(options)
    key = fingerprint(source.identity, kind)

    name = str(data) if isinstance(data, str | Path) else source.name

    def decoded(done: int, total: int) -> None:
        progress(f"Reading {name}", done, total)

    def before() -> None:
        known = outline(source, kind, conditional, classes)
        if known is not None:
            check(known)

    if stream:
        key = digest([key, "streamed"])
        found = _streamed(source, kind, root, window, note, decoded)
    else:

        def look() -> str:
            return find_source(data, kind, registry, root).identity

        again = look if source.may_change else None
        found = _as_they_are(source, kind) or store.entry(key, source, kind, decoded, again, before)
    return _dataset(source, kind, found, key, conditional, classes)


def _streamed(
    source: DataSource,
    kind: Kind,
    root: Path,
    window: int,
    note: Callable[[str], None],
    decoded: Callable[[int, int], None],
) -> Entry:
    if not isinstance(source, FileSource):
        raise UsageError(
            f"'{source.name}' comes as a whole, as arrays do, and cannot be streamed.",
            "Leave --stream out.",
        )
    # What lies in blocks is from afar, and is not fetched to be counted.
    counted = None if source.blocks else count_rows(source, kind, root, decoded)
    if counted is not None:
        labels = counted.labels
        several = StreamedFiles(source, kind, counted.counts, window)
        return Entry(several, labels.values, labels.classes, counted.notes)
    labels = source.labels(range(len(source)))
    rows = StreamedRows(source, kind, labels.values, note)
    return Entry(rows, labels.values, labels.classes, labels.notes)


def _as_they_are(source: DataSource, kind: Kind) -> Entry | None:
    """Arrays in memory that need no change are not copied to disk."""
    if not isinstance(source, MemorySource) or not kind.layout.of(source.raw.samples):
        return None
    raw = source.raw
    return Entry(np.ascontiguousarray(raw.samples), raw.labels, raw.classes, ())


def _dataset(
    source: DataSource,
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
    if isinstance(found.rows, StreamedFiles):
        blocks = found.rows.blocks
    return Dataset(kind, found.rows, labels, names, key, source.name, tuple(notes), spec, blocks)
