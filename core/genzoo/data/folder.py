"""What a folder holds: files in a stable order."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from genzoo.data.notes import listing
from genzoo.errors import DataError

TYPES = mimetypes.MimeTypes()

IGNORED = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
"""What systems leave behind in people's folders; hidden files are ignored as well."""


@dataclass(frozen=True)
class FoundFile:
    """A file: its path below the folder with '/' between parts, bytes, time in nanoseconds."""

    path: str
    size: int
    modified: int


@dataclass(frozen=True)
class FolderScan:
    """The files of a folder.

    Attributes:
        root: The folder.
        files: What may be images, sorted by path.
        notes: Sentences worth telling the user.
    """

    root: Path
    files: tuple[FoundFile, ...]
    notes: tuple[str, ...]


def scan_folder(root: Path) -> FolderScan:
    """List what may be images below `root`.

    Raises:
        DataError: The folder cannot be read or holds nothing that may be an image.
    """
    walk = Walk()
    walk.enter(root)
    files = sorted(walk.files, key=lambda file: file.path)
    if not files:
        raise DataError(
            f"There is no image in '{root}'.",
            "Give a folder with PNG, JPEG or WebP files, in subfolders or not.",
        )
    return FolderScan(root, tuple(files), tuple(walk.notes()))


class Walk:
    """Collects the files below a folder."""

    def __init__(self) -> None:
        self.files: list[FoundFile] = []
        self.others: list[str] = []
        self.closed: list[str] = []
        self._entered: set[tuple[int, int]] = set()

    def enter(self, folder: Path, prefix: str = "") -> None:
        """Collect from `folder`, whose path below the root is `prefix`.

        Raises:
            DataError: The root cannot be read.
        """
        try:
            status = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            if not prefix:
                raise DataError(
                    f"The folder '{folder}' cannot be read: {error.strerror}.",
                    "Check its permissions.",
                ) from error
            self.closed.append(prefix)
            return
        # Links may point back up; a folder is entered once.
        identity = (status.st_dev, status.st_ino)
        if identity in self._entered and status.st_ino:
            return
        self._entered.add(identity)
        for entry in entries:
            if not entry.name.startswith(".") and entry.name not in IGNORED:
                self._meet(entry, prefix + entry.name)

    def _meet(self, entry: os.DirEntry[str], path: str) -> None:
        if entry.is_dir():
            self.enter(Path(entry.path), path + "/")
        elif not entry.is_file():
            return
        elif _is_other(path):
            self.others.append(path)
        elif not os.access(entry.path, os.R_OK):
            self.closed.append(path)
        else:
            details = entry.stat()
            self.files.append(FoundFile(path, details.st_size, details.st_mtime_ns))

    def notes(self) -> Iterator[str]:
        """What was left out."""
        if self.others:
            one, many = "Skipped 1 file that is no image", "Skipped {} files that are no images"
            yield listing(one, many, sorted(self.others))
        if self.closed:
            one, many = "Skipped 1 path without permission", "Skipped {} paths without permission"
            yield listing(one, many, sorted(self.closed))


def _is_other(path: str) -> bool:
    """Whether the ending is that of something known to be no image."""
    suffix = PurePosixPath(path).suffix.lower()
    kind = TYPES.types_map[True].get(suffix)
    return suffix in TYPES.encodings_map or (kind is not None and not kind.startswith("image/"))
