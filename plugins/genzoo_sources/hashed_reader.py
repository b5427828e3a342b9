"""A digest of a file on another machine, made while it is read for something else."""

from __future__ import annotations

import io
import os
from hashlib import blake2b
from typing import Any

from genzoo_sources.reader import RemoteReader

PIECE = 2**20
"""Bytes that are read at a time where nothing else asks for them."""


class HashedReader(io.RawIOBase):
    """A remote file that is read from beginning to end, whatever of it is asked for.

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
