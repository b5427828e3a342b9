"""Samples in files: encoded as their kind does, or as rows in an .npz. Imports no torch."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genzoo.errors import UsageError
from genzoo.interfaces.kind import Kind
from genzoo.specs import SampleSpec
from genzoo.system.atomic_files import atomic_write

if TYPE_CHECKING:
    from torch import Tensor

ARCHIVE = ".npz"


def is_folder(path: Path) -> bool:
    """Whether `save_samples` takes `path` for a folder: it is one, or it has no ending."""
    return path.is_dir() or not path.suffix


def is_archive(path: Path) -> bool:
    """Whether `save_samples` writes rows to `path`, under the name of the kind's array."""
    return not is_folder(path) and path.suffix.lower() == ARCHIVE


def check_path(kind: Kind, path: Path) -> None:
    """Raise UsageError if `save_samples` would not know what to write to `path`."""
    known = (*kind.endings, ARCHIVE)
    if not is_folder(path) and path.suffix.lower() not in known:
        raise UsageError(
            f"{kind.array.capitalize()} cannot be saved as '{path.suffix}'.",
            f"Known: {', '.join(known)}, or a folder.",
        )


def save_samples(
    x: Tensor,
    kind: Kind,
    spec: SampleSpec,
    path: Path,
    columns: int | None = None,
    *,
    first: int = 0,
) -> None:
    """Write samples to `path`.

    A file gets all of them; a folder, there or new, gets `00000.png` and so on; an `.npz` gets
    their rows under the name of the kind's array.

    Args:
        x: (n, *spec.shape) in the range of `spec`.
        kind: What they are.
        spec: Their contract.
        path: Where.
        columns: Samples in a row, for kinds that have rows.
        first: Number of the first file in a folder.

    Raises:
        SpecError: `x` does not have the shape of `spec`.
        StorageError: The file cannot be written.
        UsageError: There is no sample, or the file's ending is not known.
    """
    check_path(kind, path)
    if not len(x):
        raise UsageError(f"There is no {kind.noun} to save.")
    if is_folder(path):
        ending = kind.folder_ending or kind.endings[0]
        files = [path / f"{first + number:05d}{ending}" for number in range(len(x))]
        if there := next((file for file in files if file.exists()), None):
            raise UsageError(f"'{there}' is there already.", "Choose a new or an empty folder.")
        for number, file in enumerate(files):
            _write(file, kind.encoded(x[number : number + 1], spec, ending))
    elif is_archive(path):
        write_archive(path, kind.array, len(x), [kind.rows(x, spec)])
    else:
        _write(path, kind.encoded(x, spec, path.suffix.lower(), columns))


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


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)
