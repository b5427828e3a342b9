"""The first look at shards on other machines, which is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Lock

from genzoo import SourceRequest, digest
from genzoo_sources.connection import RemoteFile, shown
from genzoo_sources.reader import Patience
from genzoo_sources.shard_index import ShardIndex, kept_index

AT_ONCE = 4
"""Shards that are looked through at a time."""

TELL_EVERY = 10.0
"""Seconds between notes of how far it is."""


def file_identity(file: RemoteFile) -> str:
    """Of a file on another machine: its content if that is known, else address, size and tag."""
    if file.content:
        return digest(["remote content", str(file.size), file.content])
    return digest(["remote file", shown(file.url), str(file.size), file.tag])


def indices(
    files: Sequence[RemoteFile],
    request: SourceRequest,
    look: Callable[[RemoteFile], ShardIndex],
    patience: Patience,
    reading: str = "",
) -> list[ShardIndex]:
    """The index of each shard, kept from the last time, or had by `look`.

    Args:
        files: The shards.
        request: What they hold, where indices are kept, and who hears how far it is.
        look: Called in threads, several at once.
        patience: That of `look`.
        reading: What an index depends on, besides the file and the kind.

    Raises:
        DataError: A shard cannot be read.
        StorageError: An index cannot be written.
    """
    progress = _Progress(len(files), request.note)

    def index(file: RemoteFile) -> ShardIndex:
        def first() -> ShardIndex:
            progress.begin()
            found = look(file)
            progress.done()
            return found

        identity = digest([file_identity(file), reading])
        return kept_index(identity, request, first)

    return patience.side_by_side(AT_ONCE, index, files)


class _Progress:
    """Tells how far the first look is."""

    def __init__(self, total: int, note: Callable[[str], None]) -> None:
        self._total = total
        self._note = note
        self._lock = Lock()
        self._count = 0
        self._told = 0.0

    def begin(self) -> None:
        """Tell of the first shard that has to be looked through."""
        with self._lock:
            if not self._told:
                self._told = time.monotonic()
                self._note(f"Looking through {self._total} shards for the first time.")

    def done(self) -> None:
        """Count a shard; called in several threads."""
        with self._lock:
            self._count += 1
            if time.monotonic() - self._told < TELL_EVERY and self._count < self._total:
                return
            self._told = time.monotonic()
            self._note(f"Looked through {self._count} of {self._total} shards.")
