"""Where the samples of a shard lie in it: read from the tar once, then kept.

Samples are grouped as `shard_samples` says.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from genzoo import DataError, Kind, SourceRequest, StorageError, atomic_write, digest
from genzoo_sources.shard_samples import Grouped, ShardSamples

FORMAT = 3
"""Version of what is kept."""

MOST_GLOBALS = 100
"""Headers for all files of a tar that it may have: each takes time for each file."""


@dataclass(frozen=True)
class Texts:
    """Byte strings, one after the other: an array of fixed width takes far more room.

    Attributes:
        data: (total,) uint8, all of them.
        ends: (N,) int64, where each ends in `data`.
    """

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Iterable[bytes]) -> Texts:
        """Those of `texts`."""
        content, ends = bytearray(), []
        for text in texts:
            content += text
            ends.append(len(content))
        return cls(np.frombuffer(bytes(content), np.uint8), np.array(ends, np.int64))

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[bytes]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> bytes:
        if not 0 <= number < len(self.ends):
            raise IndexError(number)
        first = int(self.ends[number - 1]) if number else 0
        return self.data[first : int(self.ends[number])].tobytes()


@dataclass(frozen=True)
class ShardIndex:
    """The samples of a shard, in its order.

    Attributes:
        names: Of the N files that hold them.
        offsets: (N,) int64, where their bytes begin in the shard.
        sizes: (N,) int64, number of their bytes.
        labels: (N,) int64, the place in `label_names` of each one's label; -1 for none.
        label_names: The labels that there are, class numbers or names in UTF-8.
        others: (1,) int64, number of samples without a file that the kind reads.
        spare: (1,) int64, number of files that the kind reads beside that of their sample.
    """

    names: Texts
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    labels: NDArray[np.int64]
    label_names: Texts
    others: NDArray[np.int64]
    spare: NDArray[np.int64]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that is in it, by name, as `of_arrays` takes it."""
        found: dict[str, NDArray[Any]] = {}
        for name, value in vars(self).items():
            if isinstance(value, Texts):
                found |= {f"{name}.data": value.data, f"{name}.ends": value.ends}
            else:
                found[name] = value
        return found

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> ShardIndex:
        """The index of which `arrays` are all."""
        return cls(
            names=Texts(arrays["names.data"], arrays["names.ends"]),
            label_names=Texts(arrays["label_names.data"], arrays["label_names.ends"]),
            **{name: arrays[name] for name in ("offsets", "sizes", "labels", "others", "spare")},
        )


def kept_index(identity: str, request: SourceRequest, look: Callable[[], ShardIndex]) -> ShardIndex:
    """The index of the shard `identity`, kept in the cache from the last time, or had by `look`.

    Raises:
        StorageError: The index cannot be written.
    """
    kind, folder = request.kind, request.cache / "shards"
    key = digest([identity, str(FORMAT), kind.name, *kind.reads])
    path = folder / f"{key}.npz"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return ShardIndex.of_arrays(arrays)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        index = look()
    try:
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **index.arrays())
    except StorageError as error:
        raise StorageError(
            error.message, "Free some space, or set GENZOO_CACHE to a folder that can be written."
        ) from error
    return index


def read_shard(shard: Path, kind: Kind) -> ShardIndex:
    """Look through a shard.

    Raises:
        DataError: It is not a tar file, is compressed, or is cut off.
    """
    try:
        with shard.open("rb") as content:
            return look_through(content, str(shard), kind)
    except OSError as error:
        raise DataError(f"The shard '{shard}' cannot be read: {error}.") from error


def look_through(content: BinaryIO, name: str, kind: Kind) -> ShardIndex:
    """Look through a shard that is open for reading, mostly forwards.

    Raises:
        DataError: It is not a tar file, is compressed, or is cut off.
    """
    samples = ShardSamples(kind)
    bounded = cast(BinaryIO, _WithinFile(content))
    try:
        with tarfile.open(fileobj=bounded, mode="r:") as archive:
            for member in _members(archive):
                samples.add(member, bounded)
            _check_end(content)
    except (tarfile.TarError, OSError, ValueError, OverflowError, RecursionError) as error:
        count = len(samples)
        raise DataError(
            f"The shard '{name}' cannot be read after {count} samples: {error}.",
            "It is cut off or damaged: get it again. A compressed one has to be unpacked."
            if count
            else "It must be an uncompressed .tar file.",
        ) from error
    return _as_arrays(samples.grouped())


def _as_arrays(found: Grouped) -> ShardIndex:
    labels, label_names = numbered(found.labels)
    return ShardIndex(
        names=Texts.of(os.fsencode(file.name) for file in found.files),
        offsets=np.array([file.offset for file in found.files], np.int64),
        sizes=np.array([file.size for file in found.files], np.int64),
        labels=labels,
        label_names=label_names,
        others=np.array([found.others], np.int64),
        spare=np.array([found.spare], np.int64),
    )


def numbered(labels: Iterable[bytes]) -> tuple[NDArray[np.int64], Texts]:
    """Labels, empty for none, as places in the list of those that there are."""
    met = {b"": -1}
    places = [met.setdefault(label, len(met) - 1) for label in labels]
    return np.array(places, np.int64), Texts.of([label for label in met if label])


class _WithinFile:
    """A file to `tarfile`, which would ask for as many bytes as a header claims."""

    def __init__(self, content: BinaryIO) -> None:
        self._content = content
        self._size = content.seek(0, os.SEEK_END)
        content.seek(0)

    def tell(self) -> int:
        return self._content.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_SET and not 0 <= offset <= self._size:
            raise tarfile.ReadError("it is cut off, or says that it is larger")
        return self._content.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._content.tell())
        if size < -1:
            raise tarfile.ReadError("it has a file of less than no bytes")
        return self._content.read(left if size == -1 else min(size, left))


def _check_end(shard: BinaryIO) -> None:
    """Raise ReadError unless the zeros that end a tar are there; tarfile does without."""
    shard.seek(-tarfile.BLOCKSIZE, os.SEEK_END)
    if shard.read().strip(b"\0"):
        raise tarfile.ReadError("it does not end as a tar file does")


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The plain files in it."""
    place = -1
    while (member := archive.next()) is not None:
        # It would keep all of them.
        archive.members = []  # type: ignore[attr-defined]
        if member.offset_data <= place or member.size < 0:
            raise tarfile.ReadError("it has a file of less than no bytes")
        place = member.offset_data
        if len(archive.pax_headers) > MOST_GLOBALS:
            raise tarfile.ReadError("it has too many headers for all its files")
        if member.isreg() and not member.issparse():
            yield member
