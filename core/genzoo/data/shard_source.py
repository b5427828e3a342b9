"""Tar shards as a source."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genzoo.data.arrays import number_labels
from genzoo.data.class_folders import folder_labels
from genzoo.data.content_digests import file_digests
from genzoo.data.data_source import Labels, without_label
from genzoo.data.decoding import Content, Encoded
from genzoo.data.file_source import FileSource
from genzoo.data.fingerprint import digest
from genzoo.data.folder_listing import nothing_there
from genzoo.data.remarks import counted, printable, with_article
from genzoo.data.shard_index import ShardIndex, shard_index
from genzoo.data.shards import CLASSES, DIGITS
from genzoo.data.split_shards import samples_to_train_on
from genzoo.errors import DataError
from genzoo.interfaces.decoded import UndecodableError
from genzoo.interfaces.kind import Kind


class IndexedShards(FileSource):
    """The samples in tar files that lie somewhere.

    Args:
        shards: Names of the files, in order; at least one.
        found: The index of each.
        name: What the user typed.
        identity: Changes whenever the content does.
        kind: What they hold.
        classes: Names of numbered classes, if they are known.

    Raises:
        DataError: There is no sample in them.
    """

    def __init__(
        self,
        shards: Sequence[str],
        found: Sequence[ShardIndex],
        name: str,
        identity: str,
        kind: Kind,
        classes: tuple[str, ...],
    ) -> None:
        found, said = samples_to_train_on(found, name)
        self.name = name
        self.identity = digest([identity, *said]) if said else identity
        self.lengths = tuple(len(index.offsets) for index in found)
        """Number of samples in each shard."""
        self._shard_names = shards
        self._kind = kind
        self._classes = classes
        if not sum(self.lengths):
            raise nothing_there(Path(name), kind)
        self._which = np.repeat(np.arange(len(shards), dtype=np.int32), self.lengths)
        self._names = [index.names for index in found]
        self._firsts = np.cumsum([0, *self.lengths])
        self._offsets = np.concatenate([index.offsets for index in found])
        self._sizes = np.concatenate([index.sizes for index in found])
        self._labels, self._label_names = _merged(found)
        self.notes = (*said, *_notes(found, kind))

    @abstractmethod
    def read(self, shard: int, offset: int, size: int) -> bytes:
        """Bytes of a shard; fewer where it ends.

        Raises:
            OSError: It cannot be read.
        """

    def __len__(self) -> int:
        return len(self._offsets)

    def name_at(self, position: int) -> str:
        return f"{printable(self._shard_names[self._which[position]])}/{self._name(position)}"

    def encoded(self, position: int) -> Encoded:
        size = int(self._sizes[position])
        try:
            content = self.read(int(self._which[position]), int(self._offsets[position]), size)
        except OSError as error:
            return UndecodableError(f"its shard cannot be read: {error.strerror or error}")
        if len(content) < size:
            return UndecodableError("its shard has been cut short")
        return Content(self._name(position), content)

    def labels(self, kept: Sequence[int]) -> Labels:
        labels = self._labels[np.asarray(kept)]
        missing = np.flatnonzero(labels < 0).tolist()
        if len(missing) == len(labels):
            return folder_labels([self._name(position) for position in kept], self._kind.array)
        if missing:
            return without_label(self._kind.array, missing, len(labels), "has none", "have none")
        return self._numbered(labels)

    def _numbered(self, labels: NDArray[np.int64]) -> Labels:
        there, places = np.unique(labels, return_inverse=True)
        texts = [self._label_names[place] for place in there.tolist()]
        if all(text.isdigit() and len(text) <= DIGITS for text in texts):
            numbers = np.array([int(text) for text in texts], np.int64)[places]
            values, classes = number_labels(
                numbers, self._classes, len(labels), self.name, self._kind
            )
            return Labels(values, classes)
        names = [text.decode("utf-8", "replace") for text in texts]
        classes = tuple(sorted(set(names)))
        numbers_of = {name: number for number, name in enumerate(classes)}
        return Labels(np.array([numbers_of[name] for name in names], np.int64)[places], classes)

    def _name(self, position: int) -> str:
        shard = int(self._which[position])
        name = self._names[shard][position - int(self._firsts[shard])]
        return name.decode("utf-8", "replace")


def _merged(found: Sequence[ShardIndex]) -> tuple[NDArray[np.int64], list[bytes]]:
    """The labels of all shards as places in one list, -1 for none."""
    met: dict[bytes, int] = {}
    pieces = []
    for index in found:
        own = [met.setdefault(name, len(met)) for name in index.label_names]
        # One more, for -1.
        pieces.append(np.array([*own, -1], np.int64)[index.labels])
    return np.concatenate(pieces), list(met)


def _notes(found: Sequence[ShardIndex], kind: Kind) -> Iterator[str]:
    others = sum(int(index.others[0]) for index in found)
    if others:
        yield f"Skipped samples of the shards without {with_article(kind.noun)}: {others}."
    spare = sum(int(index.spare[0]) for index in found)
    if spare:
        count = sum(len(index.offsets) for index in found)
        yield (
            f"Took one file each for {counted(count, kind)}, by the name up to a dot, "
            f"and left out {spare} more."
        )


class ShardSource(IndexedShards):
    """The samples in tar files on this machine.

    Args:
        shards: The files, in order; at least one.
        name: What the user typed.
        kind: What they hold.
        cache: Where their digests and indices are kept.
        note: Hears of it where much has to be read for the digests.

    Raises:
        DataError: One cannot be read, or there is no sample in them.
        StorageError: An index cannot be written.
    """

    def __init__(
        self,
        shards: Sequence[Path],
        name: str,
        kind: Kind,
        cache: Path,
        note: Callable[[str], None] | None = None,
    ) -> None:
        self._shards = shards
        classes = _read_classes(shards[0].parent)
        contents = file_digests(shards, cache, note)
        identity = digest(["shards", str(len(shards)), *contents, *classes])
        found = [
            shard_index(shard, content, kind, cache / "shards")
            for shard, content in zip(shards, contents, strict=True)
        ]
        super().__init__([shard.name for shard in shards], found, name, identity, kind, classes)

    def read(self, shard: int, offset: int, size: int) -> bytes:
        # Opened anew: thousands of shards may not be open at once.
        with self._shards[shard].open("rb", buffering=0) as file:
            file.seek(offset)
            return file.read(size)


def _read_classes(folder: Path) -> tuple[str, ...]:
    path = folder / CLASSES
    if not path.is_file():
        return ()
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(
            f"'{path}' cannot be read.", "It must have one class name a line, in UTF-8."
        ) from error
    return class_names(lines)


def class_names(lines: Iterable[str]) -> tuple[str, ...]:
    """The names in `CLASSES`, one a line."""
    return tuple(line.strip() for line in lines if line.strip())
