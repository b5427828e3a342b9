"""Short names for content: equal only if the decoded samples are equal."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genzoo.data.folder_listing import FolderScan
from genzoo.interfaces.kind import Kind

FORMAT = 2
"""Version of the cache's layout: a higher one leaves old entries unused."""


def folder_identity(scan: FolderScan) -> str:
    """Of a folder: every file's relative path, size and time of change, not where it lies."""
    rows = (f"{file.path}\0{file.size}\0{file.modified}" for file in scan.files)
    return digest(["folder", *rows])


def file_identity(path: Path) -> str:
    """Of one file: its name, size and time of change."""
    details = path.stat()
    return digest(["file", path.name, str(details.st_size), str(details.st_mtime_ns)])


def array_identity(samples: NDArray[np.generic], labels: NDArray[np.int64] | None) -> str:
    """Of arrays in memory: their bytes."""
    state = blake2b(digest_size=16)
    for array in (samples,) if labels is None else (samples, labels):
        state.update(f"{array.dtype}{array.shape}".encode())
        state.update(np.ascontiguousarray(array).data)
    return state.hexdigest()


def fingerprint(identity: str, kind: Kind) -> str:
    """Of content decoded by `kind` with its options."""
    options = kind.config.model_dump_json(exclude_defaults=True)
    return digest([identity, str(FORMAT), kind.name, str(kind.version), options])


def digest(parts: Iterable[str]) -> str:
    """128 bits over `parts` and the borders between them, as hexadecimal digits."""
    state = blake2b(digest_size=16)
    for part in parts:
        data = os.fsencode(part)
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()
