""".npz files of anybody: no array takes more memory than its file can be meant to hold.

A compressed member can unfold to a thousand times its size, and a header can claim any shape.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from genzoo.errors import DataError

MOST_TIMES = 256
"""How many times its size a file may unfold to: dSprites, black and white drawings, does 120."""

AT_LEAST = 2**26
"""Bytes that any file may unfold to."""


class Archive(Mapping[str, NDArray[Any]]):
    """The arrays of an .npz file, read when they are asked for.

    Args:
        file: Open for reading.
        name: What the file is called.

    Raises:
        DataError: All of it unfolds to more than `MOST_TIMES` its size and `AT_LEAST`.
        zipfile.BadZipFile: It is none.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._zip = zipfile.ZipFile(file)
        self._name = name
        # A name may stand there twice, and members may share their bytes.
        members = self._zip.infolist()
        self._members = {member.filename.removesuffix(".npy"): member for member in members}
        size = file.seek(0, 2)
        unfolded = sum(member.file_size for member in members)
        if unfolded > max(MOST_TIMES * size, AT_LEAST):
            raise DataError(
                f"'{name}' has {size:,} bytes and unfolds to {unfolded:,}: more than "
                f"{MOST_TIMES} times as many.",
                "Save the arrays uncompressed, with numpy.savez, if that is right.",
            )

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __getitem__(self, key: str) -> NDArray[Any]:
        """The array of that name.

        Raises:
            DataError: It is of Python objects, or its header claims another size than it has.
            ValueError: It is damaged.
        """
        member = self._members[key]
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # The others cannot be unpacked piece by piece.
            raise ValueError("a compression that numpy does not write")
        with self._zip.open(member) as content:
            claimed = _claimed(content)
            if content.tell() + claimed != member.file_size:
                raise DataError(
                    f"The array '{key}' of '{self._name}' says that it has {claimed:,} bytes, and "
                    f"has {member.file_size - content.tell():,}.",
                    "It is cut off or damaged: write it again with numpy.savez.",
                )
        with self._zip.open(member) as content:
            found: NDArray[Any] = npy.read_array(content, allow_pickle=False)
            return found


def _claimed(content: IO[bytes]) -> int:
    """Bytes that an array's header says follow it."""
    version = npy.read_magic(content)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"a format {version} that plain arrays do not have")
    shape, _, dtype = read(content)
    if dtype.hasobject or min(shape, default=0) < 0:
        raise ValueError("it is not a plain array")
    return math.prod(shape) * np.dtype(dtype).itemsize
