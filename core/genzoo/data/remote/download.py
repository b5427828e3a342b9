"""A whole file from another machine to this one."""

from __future__ import annotations

from pathlib import Path

from genzoo.data.remote.connection import RemoteFile, shown
from genzoo.data.remote.reader import Patience, RemoteReader
from genzoo.errors import DataError

PIECE = 2**20


def download(file: RemoteFile, path: Path, patience: Patience) -> None:
    """Write a file to `path`: exactly the bytes that it had when it was first looked at.

    Raises:
        DataError: It cannot be had, or is another one by now.
        OSError: It cannot be written.
    """
    with RemoteReader(file, patience) as reader, path.open("wb") as target:
        while piece := reader.read(PIECE):
            if patience.stopped.is_set():
                raise DataError(f"'{shown(file.url)}' is not wanted any more.")
            target.write(piece)
