"""Tar shards on other machines as a source."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from genzoo import Blocks, SourceRequest, digest, remembered
from genzoo_sources.connection import RemoteFile, shown
from genzoo_sources.reader import Patience, RemoteReader, download
from genzoo_sources.remote_index import file_identity, indices
from genzoo_sources.shard_index import ShardIndex, look_through
from genzoo_sources.shard_source import IndexedShards
from genzoo_sources.shard_store import ShardStore

BUFFER = 2**18
"""Bytes that are asked for at a time while a shard is looked through."""


PIECE = 2**20
"""Bytes that are read at a time where only their digest is asked for."""


class RemoteShards(IndexedShards):
    """The samples in tar files on other machines, a few of which lie on this one at a time.

    Each is looked through once as it streams by; where its samples lie in it is kept.

    Args:
        files: The shards as they are now, in order.
        classes: Names of numbered classes, if they are known.
        request: What they are called and hold. Twice its window lies on this machine.
        patience: For interruptions.

    Raises:
        DataError: One cannot be had or read, or there is no sample in them.
        StorageError: An index cannot be written.
    """

    def __init__(
        self,
        files: Sequence[RemoteFile],
        classes: tuple[str, ...],
        request: SourceRequest,
        patience: Patience,
    ) -> None:
        kind, cache = request.kind, request.cache

        def look(file: RemoteFile) -> ShardIndex:
            plain = RemoteReader(file, patience)
            reader = plain if file.content else HashedReader(plain)
            with io.BufferedReader(reader, BUFFER) as content:
                found = look_through(content, shown(file.url), kind)
                if isinstance(reader, HashedReader):
                    _content(file, cache, reader)
                return found

        found = indices(files, request, look, patience)
        contents = [_content(file, cache, patience) for file in files]
        identity = digest(["remote shards", str(len(files)), *contents, *classes])
        super().__init__([file.name for file in files], found, request, identity, classes)
        self.blocks = Blocks(self.lengths, request.window)
        self._store = ShardStore(
            cache / "streamed" / identity,
            lambda shard, path: download(files[shard], path, patience),
            2 * request.window,
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

    return file.content or remembered(["content", file_identity(file)], cache, find)


class HashedReader(io.RawIOBase):
    """A remote file of which a digest is made while it is read for something else.

    It is read from beginning to end, whatever of it is asked for.

    Args:
        reader: The file; closed with this one.
    """

    def __init__(self, reader: RemoteReader) -> None:
        self._reader = reader
        self._state = blake2b(digest_size=16)
        self._hashed = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._reader.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._reader.seek(offset, whence)

    def readinto(self, buffer: Any) -> int:
        position = self._reader.tell()
        self._hash_until(position)
        self._reader.seek(position)
        count = self._reader.readinto(buffer)
        new = position + count - self._hashed
        if new > 0:
            self._state.update(memoryview(buffer)[count - new : count])
            self._hashed += new
        return count

    def digest(self) -> str:
        """That of the whole file, as hexadecimal digits; reads what was not read yet."""
        self._hash_until(self._reader.seek(0, os.SEEK_END))
        return self._state.hexdigest()

    def close(self) -> None:
        self._reader.close()
        super().close()

    def _hash_until(self, position: int) -> None:
        self._reader.seek(self._hashed)
        while self._hashed < position:
            piece = self._reader.read(min(PIECE, position - self._hashed)) or b""
            if not piece:
                return
            self._state.update(piece)
            self._hashed += len(piece)
