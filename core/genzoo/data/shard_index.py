"""Where the samples of a shard lie in it: read from the tar once, then kept.

Samples are grouped as `shard_samples` says.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from genzoo.atomic_files import atomic_write
from genzoo.data.fingerprint import digest, file_identity
from genzoo.data.shard_samples import Grouped, ShardSamples
from genzoo.errors import DataError, StorageError
from genzoo.interfaces.kind import Kind

FORMAT = 2
"""Version of what is kept."""


@dataclass(frozen=True)
class ShardIndex:
    """The samples of a shard, in its order.

    Attributes:
        names: (N,) bytes, names of the files that hold them.
        offsets: (N,) int64, where their bytes begin in the shard.
        sizes: (N,) int64, number of their bytes.
        labels: (N,) UTF-8 bytes, a class number or name; empty for none.
        others: (1,) int64, number of samples without a file that the kind reads.
        spare: (1,) int64, number of files that the kind reads beside that of their sample.
    """

    names: NDArray[np.bytes_]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    labels: NDArray[np.bytes_]
    others: NDArray[np.int64]
    spare: NDArray[np.int64]


def shard_index(shard: Path, kind: Kind, folder: Path) -> ShardIndex:
    """The index of a shard, kept in `folder` from the last time.

    Raises:
        DataError: The shard cannot be read.
        StorageError: The index cannot be written.
    """
    return kept_index(file_identity(shard), kind, folder, lambda: read_shard(shard, kind))


def kept_index(
    identity: str, kind: Kind, folder: Path, look: Callable[[], ShardIndex]
) -> ShardIndex:
    """The index of the shard `identity`, kept in `folder` from the last time, or had by `look`.

    Raises:
        StorageError: The index cannot be written.
    """
    key = digest([identity, str(FORMAT), kind.name, *kind.reads])
    path = folder / f"{key}.npz"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return ShardIndex(**{field.name: arrays[field.name] for field in fields(ShardIndex)})
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        index = look()
    try:
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **vars(index))
    except StorageError as error:
        raise StorageError(
            error.message, "Free some space, or set GENZOO_CACHE to a folder that can be written."
        ) from error
    return index


def read_shard(shard: Path, kind: Kind) -> ShardIndex:
    """Look through a shard.

    Raises:
        DataError: It is no tar file, is compressed, or is cut off.
    """
    try:
        with shard.open("rb") as content:
            return look_through(content, str(shard), kind)
    except OSError as error:
        raise DataError(f"The shard '{shard}' cannot be read: {error}.") from error


def look_through(content: BinaryIO, name: str, kind: Kind) -> ShardIndex:
    """Look through a shard that is open for reading, mostly forwards.

    Raises:
        DataError: It is no tar file, is compressed, or is cut off.
    """
    samples = ShardSamples(kind)
    try:
        with tarfile.open(fileobj=content, mode="r:") as archive:
            for member in _members(archive):
                samples.add(member, content)
            _check_end(content)
    except (tarfile.TarError, OSError, ValueError) as error:
        count = len(samples)
        raise DataError(
            f"The shard '{name}' cannot be read after {count} samples: {error}.",
            "It is cut off or damaged: get it again. A compressed one has to be unpacked."
            if count
            else "It must be an uncompressed .tar file.",
        ) from error
    return _as_arrays(samples.grouped())


def _as_arrays(found: Grouped) -> ShardIndex:
    return ShardIndex(
        names=np.array([os.fsencode(file.name) for file in found.files], np.bytes_),
        offsets=np.array([file.offset for file in found.files], np.int64),
        sizes=np.array([file.size for file in found.files], np.int64),
        labels=np.array(found.labels, np.bytes_),
        others=np.array([found.others], np.int64),
        spare=np.array([found.spare], np.int64),
    )


def _check_end(shard: BinaryIO) -> None:
    """Raise ReadError unless the zeros that end a tar are there; tarfile does without."""
    shard.seek(-tarfile.BLOCKSIZE, os.SEEK_END)
    if shard.read().strip(b"\0"):
        raise tarfile.ReadError("it does not end as a tar file does")


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The plain files in it."""
    while (member := archive.next()) is not None:
        # It would keep all of them.
        archive.members = []  # type: ignore[attr-defined]
        if member.isreg() and not member.issparse():
            yield member
