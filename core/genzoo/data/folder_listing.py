"""What a folder holds: files in a stable order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genzoo.data.remarks import endings, listing
from genzoo.errors import DataError
from genzoo.interfaces.kind import Kind

IGNORED = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
"""What systems leave behind in people's folders; hidden files are ignored as well."""


@dataclass(frozen=True, slots=True)
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
        files: What may hold samples, sorted by path.
        notes: Sentences worth telling the user.
    """

    root: Path
    files: tuple[FoundFile, ...]
    notes: tuple[str, ...]


def scan_folder(root: Path, kind: Kind) -> FolderScan:
    """List what may hold samples of `kind` below `root`.

    Raises:
        DataError: The folder cannot be read or holds nothing that may be one.
    """
    walk = Walk(kind)
    walk.enter(root)
    files = sorted(walk.files, key=lambda file: file.path)
    if not files:
        raise nothing_there(root, kind)
    return FolderScan(root, tuple(files), tuple(walk.notes()))


def nothing_there(root: Path, kind: Kind) -> DataError:
    """The error for a folder without files of `kind`."""
    hint = f"Give a folder with {endings(kind)} files, in subfolders or not."
    return DataError(
        f"There is no {kind.noun} in '{root}'.", hint if kind.reads else "Give an .npz file."
    )


class Walk:
    """Collects the files below a folder."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
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
        elif not self.kind.may_read(entry.name):
            self.others.append(path)
        elif not os.access(entry.path, os.R_OK):
            self.closed.append(path)
        else:
            details = entry.stat()
            self.files.append(FoundFile(path, details.st_size, details.st_mtime_ns))

    def notes(self) -> Iterator[str]:
        """What was left out."""
        if self.others:
            one = f"Skipped 1 file that is no {self.kind.noun}"
            many = f"Skipped {{}} files that are no {self.kind.array}"
            yield listing(one, many, sorted(self.others))
        if self.closed:
            one, many = "Skipped 1 path without permission", "Skipped {} paths without permission"
            yield listing(one, many, sorted(self.closed))
