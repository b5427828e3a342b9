"""Plain files where a stranger may have put something else: a link, a pipe, a device."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from genzoo.errors import UsageError

MOST_BYTES = 16 << 20
"""Bytes of a file that is read whole unless another bound is given."""


def open_plain(path: Path) -> BinaryIO:
    """Open a file to read that is neither a link nor a device, a pipe or a folder.

    Raises:
        OSError: It is missing or something else.
    """
    # A pipe would be waited for, and a link may lead anywhere.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is not a plain file", str(path))
    return os.fdopen(handle, "rb")


def read_plain(path: Path, most: int = MOST_BYTES) -> bytes:
    """All of a file that is neither a link nor a device, a pipe or a folder.

    Raises:
        OSError: It is missing, something else, or larger than `most` bytes.
    """
    with open_plain(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, "it is too large", str(path))
    return content


def refuse_links(folder: Path, within: tuple[str, ...]) -> None:
    """Refuse a folder in which a link, a pipe or a device stands where files are written.

    Looks at the entries of `folder`, and at all that is below those named `within`.

    Raises:
        UsageError: Names the first.
    """
    for path in sorted(folder.iterdir()):
        _refuse_unless_plain(path)
        if path.name in within:
            for place, folders, files in os.walk(path):
                for name in (*folders, *files):
                    _refuse_unless_plain(Path(place, name))


def _refuse_unless_plain(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        what = "a link" if stat.S_ISLNK(mode) else "not a file"
        raise UsageError(
            f"'{path}' is {what}, and is not followed.", "Put what it stands for in its place."
        )
