"""What a folder holds: files in a stable order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath

from genzoo.artifact.format import CONFIG, WEIGHTS
from genzoo.data.content_digests import status_of
from genzoo.data.data_notes import endings, listing
from genzoo.errors import DataError, with_article
from genzoo.interfaces.kind import Kind
from genzoo.system.cache_folder import cache_root

IGNORED = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
"""What systems leave behind in people's folders; hidden files are ignored as well."""


RUN, START = "run.json", 1000
"""What every run has, and how many of its bytes show whose it is."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file: its path below the folder with '/' between parts, and its `status_of`."""

    path: str
    status: bytes


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
    if is_own(root):
        raise DataError(
            f"'{root}' is a run or a model of genzoo's own, not data.",
            f"Give a folder with {endings(kind)} files." if kind.reads else "Give an .npz file.",
        )
    walk = Walk(kind)
    walk.enter(root)
    files = sorted(walk.files, key=lambda file: file.path)
    if not files:
        raise nothing_there(root, kind)
    return FolderScan(root, tuple(files), tuple(walk.notes()))


def list_files(paths: Sequence[str], kind: Kind) -> FolderScan:
    """The files at `paths`, in that order, below the folder that has all of them.

    Raises:
        DataError: One is not there or is a folder, or none may hold a sample of `kind`.
    """
    places = [Path(path).expanduser().absolute() for path in paths]
    for place in places:
        if not place.is_file():
            check_plain(place, str(place))
            there = place.exists()
            raise DataError(
                f"'{place}' in the list of files is {'a folder' if there else 'not there'}.",
                "Give a folder by itself, and a list of nothing but files.",
            )
    wanted = [place for place in places if kind.may_read(place.name)]
    if not wanted:
        raise DataError(f"There is no {kind.noun} in the list of files.", "Check the list.")
    root = Path(os.path.commonpath([place.parent for place in wanted]))
    found = [
        FoundFile(path, status_of(place.stat(), path))
        for place in wanted
        for path in [place.relative_to(root).as_posix()]
    ]
    walk = Walk(kind)
    walk.others += [str(place) for place in places if not kind.may_read(place.name)]
    return FolderScan(root, tuple(found), tuple(walk.notes()))


def check_plain(path: Path, name: str) -> None:
    """Refuse pipes, sockets and devices, which are never opened: reading them may not end.

    Raises:
        DataError: `path` is one; says `name`.
    """
    if path.exists() and not path.is_dir() and not path.is_file():
        raise DataError(
            f"'{name}' is neither a file nor a folder.", "Write what it gives to a file first."
        )


def nothing_there(root: Path | str, kind: Kind) -> DataError:
    """The error for a folder, or other data, without a sample of `kind`."""
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

    def enter(self, root: Path) -> None:
        """Collect from `root`.

        Raises:
            DataError: It cannot be read.
        """
        try:
            for path, entry in files_below(root, self.closed.append):
                self._meet(path, entry)
        except OSError as error:
            raise DataError(
                f"The folder '{root}' cannot be read: {error.strerror}.", "Check its permissions."
            ) from error

    def _meet(self, path: str, entry: os.DirEntry[str]) -> None:
        if not self.kind.may_read(entry.name):
            self.others.append(path)
        elif not os.access(entry.path, os.R_OK):
            self.closed.append(path)
        else:
            with suppress(FileNotFoundError):
                self.files.append(FoundFile(path, status_of(entry.stat(), path)))

    def notes(self) -> Iterator[str]:
        """What was left out."""
        if self.others:
            one = f"Skipped 1 file that is not {with_article(self.kind.noun)}"
            many = f"Skipped {{}} files that are not {self.kind.array}"
            yield listing(one, many, sorted(self.others))
        if self.closed:
            one, many = "Skipped 1 path without permission", "Skipped {} paths without permission"
            yield listing(one, many, sorted(self.closed))


def files_below(
    root: Path, closed: Callable[[str], None] = lambda path: None
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Each plain file below a folder with its path from there, folder by folder.

    Links are followed, for people link their pictures together from elsewhere. Hidden files, links
    that lead nowhere or in a circle, pipes, sockets and devices are passed over, and so are runs,
    models and the cache of genzoo's own.

    Args:
        root: The folder.
        closed: Hears of what there is no permission for, folders with a '/' at their end.

    Raises:
        OSError: The folder itself cannot be read.
    """
    # Links may point back up; a folder is entered once.
    entered: set[tuple[int, int]] = set()
    with suppress(OSError):
        cache = cache_root().stat()
        entered.add((cache.st_dev, cache.st_ino))
    waiting = [(str(root), "")]
    while waiting:
        folder, prefix = waiting.pop()
        try:
            status = Path(folder).stat()
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError:
            if not prefix:
                raise
            closed(prefix)
            continue
        identity = (status.st_dev, status.st_ino)
        if identity in entered and status.st_ino:
            continue
        entered.add(identity)
        if is_own(Path(folder)):
            continue
        folders = []
        for entry in entries:
            path = prefix + entry.name
            match _what(entry):
                case "folder":
                    folders.append((entry.path, path + "/"))
                case "file":
                    yield path, entry
                case "closed":
                    closed(path)
        waiting += reversed(folders)


def holds_files(folder: Path, kind: Kind, beside: Sequence[str] = ()) -> bool:
    """Whether there is a file in a folder, or below it, that has an ending of the kind.

    Args:
        folder: The folder.
        kind: What it may hold.
        beside: Names of files that do not count.

    Raises:
        OSError: The folder cannot be read.
    """
    return any(
        entry.name not in beside and PurePath(entry.name).suffix.lower() in kind.reads
        for _, entry in files_below(folder)
    )


def is_own(folder: Path) -> bool:
    """Whether a folder is a run or a model of genzoo's: pictures in it are made, not data."""
    if (folder / CONFIG).is_file() and (folder / WEIGHTS).is_file():
        return True
    record = folder / RUN
    try:
        if not record.is_file():
            return False
        with record.open("rb") as file:
            return b'"genzoo_version"' in file.read(START)
    except OSError:
        return False


def _what(entry: os.DirEntry[str]) -> str:
    if entry.name.startswith(".") or entry.name in IGNORED:
        return "nothing"
    try:
        return "folder" if entry.is_dir() else "file" if entry.is_file() else "nothing"
    except PermissionError:
        return "closed"
    except OSError:
        return "nothing"
