"""Tar shards on other machines as a source."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from genzoo.data.content_digests import remembered
from genzoo.data.fingerprint import digest
from genzoo.data.remote.connection import RemoteFile, shown
from genzoo.data.remote.download import download
from genzoo.data.remote.hashed_reader import HashedReader
from genzoo.data.remote.indices import file_identity, indices
from genzoo.data.remote.reader import Patience, RemoteReader
from genzoo.data.remote.store import ShardStore
from genzoo.data.shard_index import ShardIndex, look_through
from genzoo.data.shard_source import IndexedShards
from genzoo.data.shuffle import Blocks
from genzoo.interfaces.kind import Kind

BUFFER = 2**18
"""Bytes that are asked for at a time while a shard is looked through."""


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
        def look(file: RemoteFile) -> ShardIndex:
            plain = RemoteReader(file, patience)
            reader = plain if file.content else HashedReader(plain)
            with io.BufferedReader(reader, BUFFER) as content:
                found = look_through(content, shown(file.url), kind)
                if isinstance(reader, HashedReader):
                    _content(file, cache, reader)
                return found

        found = indices(files, kind, cache / "shards", look, patience, note)
        contents = [_content(file, cache, patience) for file in files]
        identity = digest(["remote shards", str(len(files)), *contents, *classes])
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


def _content(file: RemoteFile, cache: Path, by: HashedReader | Patience) -> str:
    """What names the content of a shard wherever it lies, found out once.

    Args:
        file: The shard.
        cache: Where that is remembered.
        by: What reads the shard, or how to read it where it is not being read.
    """

    def find() -> str:
        reader = HashedReader(RemoteReader(file, by)) if isinstance(by, Patience) else by
        return reader.digest()

    return file.content or remembered(digest(["content", file_identity(file)]), cache, True, find)
