"""Digests of what files hold, kept for as long as the files look unchanged.

Whether a file is read again is decided by its size, its times and its inode. Whether it is the same
is decided by its content alone: copied, moved or touched files are what they were.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import blake2b, file_digest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genzoo.data.decoder_pool import cores
from genzoo.data.fingerprint import digest
from genzoo.errors import DataError, StorageError
from genzoo.system.atomic_files import atomic_write

BYTES = 16
"""Of a digest."""

SETTLED = 2.0
"""Seconds after which another change of a file shows in its times, whatever its file system."""

MUCH = 2**31
"""Bytes from which the user is told that files are read."""

UNREADABLE = bytes(BYTES)
"""Stands for the content of a file that cannot be read."""

_WIDTH = 40
_ROW = _WIDTH + BYTES


def status_of(details: os.stat_result, path: str) -> bytes:
    """What changes when a file does: its size, both times, its inode and its path."""
    numbers = (details.st_size, details.st_mtime_ns, details.st_ctime_ns, details.st_ino)
    packed = b"".join((number & (2**64 - 1)).to_bytes(8, "big") for number in numbers)
    return packed + blake2b(os.fsencode(path), digest_size=8).digest()


def is_settled(status: bytes, now: float) -> bool:
    """Whether the times of a file would show a change after `now`, in seconds."""
    changed = max(int.from_bytes(status[8:16], "big"), int.from_bytes(status[16:24], "big"))
    return changed < (now - SETTLED) * 1e9


def content_digests(
    paths: Sequence[Path],
    statuses: Sequence[bytes],
    place: str,
    cache: Path,
    note: Callable[[str], None] | None = None,
) -> list[bytes]:
    """A digest of the content of each file; read are those that changed since the last time.

    Args:
        paths: The files.
        statuses: `status_of` each.
        place: What they are remembered by, such as their folder.
        cache: The cache's folder.
        note: Hears of it where much has to be read.
    """
    file = cache / "digests" / f"{digest([place])}.npy"
    kept = _read(file)
    rows = [kept[start : start + _ROW] for start in range(0, len(kept), _ROW)]
    known = {row[:_WIDTH]: row[_WIDTH:] for row in rows}
    missing = [at for at, status in enumerate(statuses) if status not in known]
    size = sum(int.from_bytes(statuses[at][:8], "big") for at in missing)
    if note is not None and size >= MUCH:
        note(f"Reading {size / 1e9:.1f} GB once, to know the data again by their content.")
    now = time.time()
    known.update(_hashed([(statuses[at], paths[at]) for at in missing]))
    keep = [each for each in statuses if is_settled(each, now) and known[each] != UNREADABLE]
    content = b"".join(status + known[status] for status in keep)
    if content != kept:
        _write(file, content)
    return [known[status] for status in statuses]


def file_digests(
    paths: Sequence[Path], cache: Path, note: Callable[[str], None] | None = None
) -> list[str]:
    """`content_digests` of a few files, as hexadecimal digits.

    Raises:
        DataError: One of them cannot be read.
    """
    place = digest(str(path.absolute()) for path in paths)
    found = content_digests(paths, _statuses(paths), place, cache, note)
    return [each.hex() for each in found]


def _hashed(files: Sequence[tuple[bytes, Path]]) -> list[tuple[bytes, bytes]]:
    """Statuses and digests of files, hashed on all cores."""
    count = cores()
    shares = [files[first::count] for first in range(count)]
    with ThreadPoolExecutor(count, "genzoo-digests") as threads:
        done = threads.map(lambda share: [(name, _digest(path)) for name, path in share], shares)
        return [each for share in done for each in share]


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb", buffering=0) as file:
            return file_digest(file, lambda: blake2b(digest_size=BYTES)).digest()
    except OSError:
        return UNREADABLE


def _read(file: Path) -> bytes:
    try:
        kept: NDArray[np.uint8] = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return b""
    return kept.tobytes() if kept.dtype == np.uint8 and kept.size % _ROW == 0 else b""


def _write(file: Path, content: bytes) -> None:
    # A cache that is full is told of where decoded samples are written.
    with suppress(StorageError), atomic_write(file) as temporary, temporary.open("wb") as opened:
        np.save(opened, np.frombuffer(content, np.uint8))


def remembered(
    facts: Iterable[str], cache: Path, find: Callable[[], str], files: Sequence[Path] = ()
) -> str:
    """What `find` gives, remembered from the last time for as long as nothing looks changed.

    Args:
        facts: What it depends on.
        cache: The cache's folder.
        find: Finds it out.
        files: Files on which it depends too, known by their sizes, times and inodes.

    Raises:
        DataError: One of the files cannot be read.
    """
    statuses = _statuses(files)
    file = cache / "digests" / f"{digest([*facts, *(status.hex() for status in statuses)])}.txt"
    with suppress(OSError, ValueError):
        if text := file.read_text("ascii"):
            return text
    now = time.time()
    found = find()
    if all(is_settled(status, now) for status in statuses):
        with suppress(StorageError), atomic_write(file) as temporary:
            temporary.write_text(found, "ascii")
    return found


def _statuses(paths: Sequence[Path]) -> list[bytes]:
    try:
        return [status_of(path.stat(), str(path.absolute())) for path in paths]
    except OSError as error:
        raise DataError(f"'{error.filename}' cannot be read: {error.strerror}.") from error
