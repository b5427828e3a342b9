"""Rows in .npz files, written as they come."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genzoo.atomic_files import atomic_write


def write_archive(path: Path, name: str, count: int, pieces: Iterable[NDArray[Any]]) -> None:
    """Write an .npz file with one array, compressed, without ever holding all of it.

    Args:
        path: Where.
        name: What the array is called.
        count: Number of its rows.
        pieces: Its rows in order, (n, ...), all of one shape and type; at least one row.

    Raises:
        StorageError: The file cannot be written.
    """
    with (
        atomic_write(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(f"{name}.npy", "w", force_zip64=True) as file,
    ):
        written = 0
        for rows in pieces:
            if not written:
                header = np.lib.format.header_data_from_array_1_0(np.ascontiguousarray(rows))
                header["shape"] = (count, *rows.shape[1:])
                np.lib.format.write_array_header_2_0(file, header)
            file.write(np.ascontiguousarray(rows).tobytes())
            written += len(rows)
        assert written == count
