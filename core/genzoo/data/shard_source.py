"""Tar shards as a source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genzoo.data.arrays import number_labels
from genzoo.data.attempt import Content, Encoded
from genzoo.data.classes import folder_labels
from genzoo.data.file_source import FileSource
from genzoo.data.fingerprint import digest, file_identity
from genzoo.data.folder import nothing_there
from genzoo.data.notes import printable, with_article
from genzoo.data.shard_index import shard_index
from genzoo.data.shards import CLASSES
from genzoo.data.source import Labels
from genzoo.errors import DataError
from genzoo.interfaces.kind import Kind, UndecodableError


class ShardSource(FileSource):
    """The samples in tar files.

    Args:
        shards: The files, in order; at least one.
        name: What the user typed.
        kind: What they hold.
        cache: Where their indices are kept.

    Raises:
        DataError: One cannot be read, or there is no sample in them.
        StorageError: An index cannot be written.
    """

    def __init__(self, shards: Sequence[Path], name: str, kind: Kind, cache: Path) -> None:
        self.name = name
        self._shards = shards
        self._kind = kind
        self._classes = _read_classes(shards[0].parent)
        self.identity = digest(["shards", *map(file_identity, shards), *self._classes])
        found = [shard_index(shard, kind, cache) for shard in shards]
        counts = [len(index.offsets) for index in found]
        if not sum(counts):
            raise nothing_there(Path(name), kind)
        self._which = np.repeat(np.arange(len(shards), dtype=np.int32), counts)
        self._names = np.concatenate([index.names for index in found])
        self._offsets = np.concatenate([index.offsets for index in found])
        self._sizes = np.concatenate([index.sizes for index in found])
        self._labels = np.concatenate([index.labels for index in found])
        others = sum(int(index.others[0]) for index in found)
        if others:
            noun = with_article(kind.noun)
            self.notes = (f"Skipped samples of the shards without {noun}: {others}.",)

    def __len__(self) -> int:
        return len(self._offsets)

    def name_at(self, position: int) -> str:
        return f"{printable(self._shards[self._which[position]].name)}/{self._name(position)}"

    def encoded(self, position: int) -> Encoded:
        shard = self._shards[self._which[position]]
        size = int(self._sizes[position])
        try:
            # Opened anew: thousands of shards may not be open at once.
            with shard.open("rb", buffering=0) as file:
                file.seek(int(self._offsets[position]))
                content = file.read(size)
        except OSError as error:
            return UndecodableError(f"its shard cannot be read: {error.strerror or error}")
        if len(content) < size:
            return UndecodableError("its shard has been cut short")
        return Content(self._name(position), content)

    def labels(self, kept: Sequence[int]) -> Labels:
        labels = self._labels[np.asarray(kept)]
        missing = int((labels == b"").sum())
        if missing == len(labels):
            return folder_labels([self._name(position) for position in kept], self._kind.array)
        if missing:
            note = f"No labels: {missing} of {len(labels)} {self._kind.array} have none."
            return Labels(None, (), (note,))
        return self._numbered(labels)

    def _numbered(self, labels: NDArray[np.bytes_]) -> Labels:
        if np.char.isdigit(labels).all():
            numbers = labels.astype(np.int64)
            values, classes = number_labels(
                numbers, self._classes, len(labels), self.name, self._kind
            )
        else:
            values, classes = number_labels(labels, (), len(labels), self.name, self._kind)
        return Labels(values, classes)

    def _name(self, position: int) -> str:
        return bytes(self._names[position]).decode("utf-8", "replace")


def _read_classes(folder: Path) -> tuple[str, ...]:
    path = folder / CLASSES
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise DataError(
            f"'{path}' cannot be read.", "It must have one class name a line, in UTF-8."
        ) from error
    return tuple(line.strip() for line in lines if line.strip())
