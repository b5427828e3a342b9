"""A whole file from another machine to this one."""

from __future__ import annotations

from pathlib import Path

from genzoo.data.remote.connection import RemoteFile
from genzoo.data.remote.reader import Patience, RemoteReader

PIECE = 2**20


def download(file: RemoteFile, path: Path, patience: Patience) -> None:
    """Write a file to `path`: exactly the bytes that it had when it was first looked at.

    Raises:
        DataError: It cannot be had, or is another one by now.
        OSError: It cannot be written.
    """
    with RemoteReader(file, patience) as reader, path.open("wb") as target:
        while piece := reader.read(PIECE):
            target.write(piece)
