"""Tar shards as a source."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genzoo import (
    Content,
    DataError,
    Encoded,
    FileSource,
    Kind,
    Labels,
    SourceRequest,
    UndecodableError,
    digest,
    file_digests,
    folder_labels,
    is_split,
    nothing_there,
    number_labels,
    split_to_train_on,
)
from genzoo_sources.messages import counted, printable, with_article
from genzoo_sources.shard_files import (
    CLASSES,
    DIGITS,
    shards_in,
    shards_of_pattern,
    shards_to_train_on,
)
from genzoo_sources.shard_index import ShardIndex, Texts, kept_index, read_shard


def open_shards(request: SourceRequest) -> ShardSource:
    """The tar file, the folder of them, or the several that a pattern stands for.

    Raises:
        DataError: One cannot be read, or there is no sample in them.
        StorageError: An index cannot be written.
    """
    path = Path(request.data).expanduser()
    if path.exists():
        shards = shards_in(path, request.kind) if path.is_dir() else [path]
        shards, said = shards_to_train_on(shards, request.data)
        return ShardSource(shards, request, said)
    return ShardSource(shards_of_pattern(request.data), request)


class IndexedShards(FileSource):
    """The samples in tar files that lie somewhere.

    Args:
        shards: Names of the files, in order; at least one.
        found: The index of each.
        request: What they are called and hold.
        identity: Changes whenever the content does.
        classes: Names of numbered classes, if they are known.

    Raises:
        DataError: There is no sample in them.
    """

    may_change = False  # those of other machines are compared when they arrive

    def __init__(
        self,
        shards: Sequence[str],
        found: Sequence[ShardIndex],
        request: SourceRequest,
        identity: str,
        classes: tuple[str, ...],
    ) -> None:
        name, kind = request.data, request.kind
        found, said = _samples_to_train_on(found, name)
        self.name = name
        self.identity = digest([identity, *said]) if said else identity
        self.lengths = tuple(len(index.offsets) for index in found)
        """Number of samples in each shard."""
        self._shard_names = shards
        self._kind = kind
        self._classes = classes
        if not sum(self.lengths):
            raise nothing_there(name, kind)
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
            return folder_labels(
                [self._name(position) for position in kept],
                self._kind.array,
                self._kind.label_pattern,
            )
        if missing:
            one, many = "has none", "have none"
            return Labels.incomplete(self._kind.array, missing, len(labels), one, many)
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


def _samples_to_train_on(
    found: Sequence[ShardIndex], name: str
) -> tuple[Sequence[ShardIndex], list[str]]:
    """The samples in the folder `train` where all lie in folders of splits, and a note of it.

    Args:
        found: Indices of all shards.
        name: What the user typed.

    Raises:
        DataError: There are splits, and none to train on.
    """
    above = _above(found)
    if above is None:
        return found, []
    split = split_to_train_on((_below(path, above) for path in _paths(found)), name)
    if split is None:
        return found, []
    return [_only(index, f"{above}{split.folder}/") for index in found], [split.note]


def _paths(found: Sequence[ShardIndex]) -> Iterator[str]:
    return (os.fsdecode(path) for index in found for path in index.names)


def _above(found: Sequence[ShardIndex]) -> str | None:
    """The folders above one that is named after a split, by the first sample; None for none."""
    folders = next(_paths(found), "").split("/")[:-1]
    places = [place for place, folder in enumerate(folders) if is_split(folder)]
    return "".join(f"{folder}/" for folder in folders[: places[0]]) if places else None


def _below(path: str, above: str) -> str:
    return path[len(above) :] if path.startswith(above) else ""


def _only(index: ShardIndex, folder: str) -> ShardIndex:
    keep = np.array([os.fsdecode(path).startswith(folder) for path in index.names], np.bool_)
    return replace(
        index,
        names=Texts.of(path for path, kept in zip(index.names, keep, strict=True) if kept),
        offsets=index.offsets[keep],
        sizes=index.sizes[keep],
        labels=index.labels[keep],
    )


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
        request: What they are called and hold.
        said: Notes of what was left out before.

    Raises:
        DataError: One cannot be read, or there is no sample in them.
        StorageError: An index cannot be written.
    """

    may_change = True

    def __init__(
        self, shards: Sequence[Path], request: SourceRequest, said: Sequence[str] = ()
    ) -> None:
        self._shards = shards
        classes = _read_classes(shards[0].parent)
        contents = file_digests(shards, request.cache, request.note)
        identity = digest(["shards", str(len(shards)), *contents, *classes])
        found = [
            kept_index(content, request, partial(read_shard, shard, request.kind))
            for shard, content in zip(shards, contents, strict=True)
        ]
        super().__init__([shard.name for shard in shards], found, request, identity, classes)
        self.notes = (*said, *self.notes)

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
