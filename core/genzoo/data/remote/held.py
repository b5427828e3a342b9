"""A shard that lies on this machine for a while."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from weakref import finalize


class HeldShard:
    """A file, kept open: other processes may remove it while it is in use here.

    Args:
        path: The file.

    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self.size = os.fstat(self._file).st_size
        finalize(self, os.close, self._file)

    def read(self, offset: int, size: int) -> bytes:
        """Bytes from `offset` on; fewer where the file ends. Safe in several threads at once."""
        pieces = []
        while size > 0 and (piece := self._read(offset, size)):
            pieces.append(piece)
            offset, size = offset + len(piece), size - len(piece)
        return b"".join(pieces)

    def _read(self, offset: int, size: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._file, size, offset)
        with self._lock:
            os.lseek(self._file, offset, os.SEEK_SET)
            return os.read(self._file, size)
