"""Tar shards on other machines as a source."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from genzoo.data.fingerprint import digest
from genzoo.data.order import Blocks
from genzoo.data.remote.connection import RemoteFile, shown
from genzoo.data.remote.download import download
from genzoo.data.remote.reader import Patience, RemoteReader
from genzoo.data.remote.store import ShardStore
from genzoo.data.shard_index import ShardIndex, kept_index, look_through
from genzoo.data.shard_source import IndexedShards
from genzoo.interfaces.kind import Kind

AT_ONCE = 4
"""Shards that are looked through at a time."""

BUFFER = 2**18
"""Bytes that are asked for at a time while a shard is looked through."""

TELL_EVERY = 10.0
"""Seconds between notes of how far it is."""


class RemoteShards(IndexedShards):
    """The samples in tar files on other machines, a few of which lie on this one at a time.

    Each is looked through once as it streams by; where its samples lie in it is kept.

    Args:
        files: The shards as they are now, in order.
        name: What they are called.
        kind: What they hold.
        classes: Names of numbered classes, if they are known.
        cache: Where indices and shards are kept.
        window: How many are mixed at a time. Twice as many lie on this machine.
        patience: For interruptions.
        note: Hears of the first look.

    Raises:
        DataError: One cannot be had or read, or there is no sample in them.
        StorageError: An index cannot be written.
    """

    def __init__(
        self,
        files: Sequence[RemoteFile],
        name: str,
        kind: Kind,
        classes: tuple[str, ...],
        cache: Path,
        window: int,
        patience: Patience,
        note: Callable[[str], None],
    ) -> None:
        found = _indices(files, kind, cache / "shards", patience, note)
        identity = digest(["remote shards", *map(file_identity, files), *classes])
        super().__init__([file.name for file in files], found, name, identity, kind, classes)
        self.blocks = Blocks(self.lengths, window)
        self._store = ShardStore(
            cache / "streamed" / identity,
            lambda shard, path: download(files[shard], path, patience),
            2 * window,
            patience,
        )

    def prepare(self, blocks: Sequence[int]) -> None:
        self._store.prepare(blocks)

    def read(self, shard: int, offset: int, size: int) -> bytes:
        return self._store.read(shard, offset, size)


def file_identity(file: RemoteFile) -> str:
    """Of a file on another machine: its content if that is known, else where it is, size and tag."""
    if file.content:
        return digest(["remote content", file.name, str(file.size), file.content])
    return digest(["remote file", shown(file.url), str(file.size), file.tag])


def _indices(
    files: Sequence[RemoteFile],
    kind: Kind,
    folder: Path,
    patience: Patience,
    note: Callable[[str], None],
) -> list[ShardIndex]:
    progress = _Looking(files, note)

    def index(file: RemoteFile) -> ShardIndex:
        def look() -> ShardIndex:
            content = io.BufferedReader(RemoteReader(file, patience), BUFFER)
            with content:
                found = look_through(content, shown(file.url), kind)
            progress.done(file)
            return found

        return kept_index(file_identity(file), kind, folder, look)

    with ThreadPoolExecutor(AT_ONCE, "genzoo-index") as threads:
        try:
            return list(threads.map(index, files))
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


class _Looking:
    """Tells how far the first look at shards is."""

    def __init__(self, files: Sequence[RemoteFile], note: Callable[[str], None]) -> None:
        self._total = len(files)
        self._note = note
        self._lock = Lock()
        self._count = self._bytes = 0
        self._told = time.monotonic()

    def done(self, file: RemoteFile) -> None:
        """Count a shard that was looked through; called in several threads."""
        with self._lock:
            self._count, self._bytes = self._count + 1, self._bytes + file.size
            if time.monotonic() - self._told < TELL_EVERY and self._count < self._total:
                return
            self._told = time.monotonic()
            self._note(
                f"Looked through {self._count} of {self._total} shards, "
                f"{self._bytes / 1e9:.1f} GB, which is done once."
            )
