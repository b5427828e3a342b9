"""Decoded samples on disk, so that they are decoded once.

An entry is a folder `data/<fingerprint>` with `rows.npy`, `labels.npy` (if there are labels) and
`meta.json`. It is built beside its place and renamed when it is whole, so what stands under a
fingerprint is always complete; several processes may build the same entry at once.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genzoo.data.cache_writer import build_entry
from genzoo.data.fingerprint import fingerprint
from genzoo.data.row_files import Rows
from genzoo.errors import DataError, StorageError
from genzoo.interfaces.data_source import DataSource
from genzoo.interfaces.kind import Kind
from genzoo.specs import Config
from genzoo.system.atomic_files import atomic_folder, atomic_write

ABANDONED = 3600.0
"""Seconds without a write after which an unfinished entry is taken to be left by a killed run."""


@dataclass(frozen=True)
class Entry:
    """What the cache holds of a data set; see `Dataset` for the meaning."""

    rows: NDArray[Any] | Rows
    labels: NDArray[np.int64] | None
    classes: tuple[str, ...]
    notes: tuple[str, ...]


class DataCache:
    """The decoded data sets below a cache folder."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "data"

    def entry(
        self,
        key: str,
        source: DataSource,
        kind: Kind,
        decoded: Callable[[int, int], None] = lambda done, total: None,
        look: Callable[[], str] | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> Entry:
        """The entry `key`, built from `source` unless it is there and whole.

        Args:
            key: Its name.
            source: What is decoded.
            kind: What it holds.
            decoded: Called with the number of files or entries decoded so far and their total.
            look: Names the content of the source as it is once all is decoded.
            before: Called before anything is decoded; what it raises ends it.

        Raises:
            DataError: Nothing of the source can be decoded, or it was changed meanwhile.
            StorageError: The cache cannot be written.
        """
        place = self.folder / key
        found = read_entry(place)
        if found is not None:
            return found
        before()
        self._sweep()
        with _advice():
            try:
                with atomic_folder(place) as folder:
                    build_entry(folder, source, kind, decoded)
                    if look is not None and look() != source.identity:
                        raise DataError(
                            f"The data '{source.name}' was changed while it was decoded.",
                            "Run the command again.",
                        )
            except OSError:
                # Another process may have been first by a moment; its entry is as good.
                if read_entry(place) is None:
                    raise
        built = read_entry(place)
        if built is None:
            raise StorageError(f"The cache entry '{place}' vanished.", "Run the command again.")
        return built

    def options(self, source: DataSource, kind: Kind) -> Config:
        """`source.options(kind)`, remembered from the last time."""
        path = self.folder / f"{fingerprint(source.identity, kind)}.json"
        try:
            return type(kind.config).model_validate_json(path.read_text("utf-8"))
        except (OSError, ValueError):
            options = source.options(kind)
        with _advice(), atomic_write(path) as temporary:
            temporary.write_text(options.model_dump_json(), "utf-8")
        return options

    def _sweep(self) -> None:
        """Remove what killed runs left behind."""
        for path in (*self.folder.glob(".*.tmp"), *self.folder.glob(".*.old")):
            if time.time() - _last_write(path) <= ABANDONED:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def read_entry(place: Path) -> Entry | None:
    """The entry at `place`, or None if it is absent, incomplete or damaged."""
    try:
        meta = json.loads((place / "meta.json").read_text("utf-8"))
        rows = _mapped(place / "rows.npy", meta["shape"], np.dtype(meta["dtype"]))
        classes, notes = tuple(meta["classes"]), tuple(meta["notes"])
        labels = np.load(place / "labels.npy", allow_pickle=False) if meta["labelled"] else None
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None
    if labels is not None and not _labels_fit(labels, len(rows), len(classes)):
        return None
    return Entry(rows, labels, classes, notes)


def _mapped(path: Path, shape: list[int], dtype: np.dtype[Any]) -> NDArray[Any]:
    rows = np.load(path, mmap_mode="r", allow_pickle=False)
    whole = path.stat().st_size == rows.offset + rows.nbytes
    if list(rows.shape) != shape or rows.dtype != dtype or not whole:
        raise ValueError("not the array that was written")
    return rows


def _labels_fit(labels: NDArray[Any], count: int, classes: int) -> bool:
    if labels.shape != (count,) or labels.dtype != np.int64:
        return False
    return bool(labels.min() >= 0 and labels.max() < classes)


def _last_write(folder: Path) -> float:
    try:
        paths = [folder, *folder.iterdir()] if folder.is_dir() else [folder]
        return max(path.stat().st_mtime for path in paths)
    except OSError:
        return time.time()


@contextmanager
def _advice() -> Iterator[None]:
    """Name the way out that a cache has."""
    try:
        yield
    except StorageError as error:
        raise StorageError(
            error.message, "Free some space, or set GENZOO_CACHE to a folder that can be written."
        ) from error
