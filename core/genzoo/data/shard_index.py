"""Where the samples of a shard lie in it: read from the tar once, then kept.

Samples are files with one name up to the first dot, as WebDataset has it: `0001.jpg` with the class
in `0001.cls`, or as "label" in `0001.json`.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from genzoo.atomic_files import atomic_write
from genzoo.data.fingerprint import digest, file_identity
from genzoo.errors import DataError, StorageError
from genzoo.interfaces.kind import Kind

FORMAT = 1
"""Version of what is kept."""

LARGEST_LABEL = 2**20
"""Bytes of a file that may hold a label."""


@dataclass(frozen=True)
class ShardIndex:
    """The samples of a shard, in its order.

    Attributes:
        names: (N,) bytes, names of the files that hold them.
        offsets: (N,) int64, where their bytes begin in the shard.
        sizes: (N,) int64, number of their bytes.
        labels: (N,) UTF-8 bytes, a class number or name; empty for none.
        others: (1,) int64, number of samples without a file that the kind reads.
    """

    names: NDArray[np.bytes_]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    labels: NDArray[np.bytes_]
    others: NDArray[np.int64]


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


@dataclass
class _Sample:
    name: bytes = b""
    offset: int = 0
    size: int = 0
    rank: int | None = None
    label: bytes = b""


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
    samples: dict[str, _Sample] = {}
    try:
        with tarfile.open(fileobj=content, mode="r:") as archive:
            for member in _members(archive):
                key, ending = _split(member.name)
                if key is not None:
                    _note(samples.setdefault(key, _Sample()), member, ending, kind, content)
            _check_end(content)
    except (tarfile.TarError, OSError, ValueError) as error:
        count = len(samples)
        raise DataError(
            f"The shard '{name}' cannot be read after {count} samples: {error}.",
            "It is cut off or damaged: get it again. A compressed one has to be unpacked."
            if count
            else "It must be an uncompressed .tar file.",
        ) from error
    return _as_arrays([sample for sample in samples.values() if sample.rank is not None], samples)


def _as_arrays(found: list[_Sample], samples: dict[str, _Sample]) -> ShardIndex:
    return ShardIndex(
        names=np.array([sample.name for sample in found], np.bytes_),
        offsets=np.array([sample.offset for sample in found], np.int64),
        sizes=np.array([sample.size for sample in found], np.int64),
        labels=np.array([sample.label for sample in found], np.bytes_),
        others=np.array([len(samples) - len(found)], np.int64),
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


def _split(name: str) -> tuple[str | None, str]:
    """Name of the sample and ending: `a/1.seg.png` is `.seg.png` of `a/1`; no name if hidden."""
    path = PurePosixPath(name)
    stem, dot, ending = path.name.partition(".")
    return (str(path.with_name(stem)) if stem else None), (dot + ending).lower()


def _note(
    sample: _Sample, member: tarfile.TarInfo, ending: str, kind: Kind, shard: BinaryIO
) -> None:
    """Take down what a file says of its sample."""
    if ending in (".cls", ".json") and member.size <= LARGEST_LABEL:
        shard.seek(member.offset_data)
        sample.label = _label(shard.read(member.size), ending) or sample.label
        return
    rank = _rank(ending, kind)
    if rank is not None and (sample.rank is None or rank < sample.rank):
        sample.name, sample.rank = os.fsencode(member.name), rank
        sample.offset, sample.size = member.offset_data, member.size


def _rank(ending: str, kind: Kind) -> int | None:
    """How well a file of that ending suits, lower being better: `.png` better than `.seg.png`."""
    last = PurePosixPath(f"x{ending}").suffix
    if last not in kind.reads:
        return None
    return kind.reads.index(last) + (0 if ending == last else len(kind.reads))


def _label(content: bytes, ending: str) -> bytes:
    if ending == ".cls":
        return content.strip()
    try:
        known = json.loads(content)
    except ValueError:
        return b""
    label = known.get("label") if isinstance(known, dict) else None
    if isinstance(label, bool) or not isinstance(label, int | str):
        return b""
    return str(label).strip().encode()
