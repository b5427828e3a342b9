"""Short names for content: equal only if the decoded images are equal."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genzoo.data.decode import DecodeSettings
from genzoo.data.folder import FolderScan

FORMAT = 1
"""Version of decoding and of the cache's layout: a higher one leaves old entries unused."""


def folder_identity(scan: FolderScan) -> str:
    """Of a folder: every file's relative path, size and time of change, not where it lies."""
    rows = (f"{file.path}\0{file.size}\0{file.modified}" for file in scan.files)
    return digest(["folder", *rows])


def file_identity(path: Path) -> str:
    """Of one file: its name, size and time of change."""
    details = path.stat()
    return digest(["file", path.name, str(details.st_size), str(details.st_mtime_ns)])


def array_identity(images: NDArray[np.uint8], labels: NDArray[np.int64] | None) -> str:
    """Of arrays in memory: their bytes."""
    state = blake2b(digest_size=16)
    for array in (images,) if labels is None else (images, labels):
        state.update(f"{array.dtype}{array.shape}".encode())
        state.update(np.ascontiguousarray(array).data)
    return state.hexdigest()


def fingerprint(identity: str, settings: DecodeSettings) -> str:
    """Of content decoded with `settings`."""
    return digest([identity, str(FORMAT), repr(settings)])


def digest(parts: Iterable[str]) -> str:
    """128 bits over `parts` and the borders between them, as hexadecimal digits."""
    state = blake2b(digest_size=16)
    for part in parts:
        data = os.fsencode(part)
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()
