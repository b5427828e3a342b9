"""Writing files and folders so that a reader sees the old content or the new, never a part."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from genzoo.errors import StorageError

_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space or choose another place."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space or choose another place."),
    errno.EACCES: ("permission is denied", "Choose a folder that you may write to."),
    errno.EPERM: ("permission is denied", "Choose a folder that you may write to."),
    errno.EROFS: ("the file system is read-only", "Choose a folder that you may write to."),
    errno.EFBIG: ("the file would be too large", "Choose another file system."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter one."),
    errno.EEXIST: ("a file stands where a folder is due", "Choose another place."),
    errno.ENOTDIR: ("a file stands where a folder is due", "Choose another place."),
}
_NUMBER = re.compile(r"\(os error (\d+)\)")
_LEFTOVER = re.compile(r"^\..+\.[0-9a-f]{12}\.tmp$")


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn failures to write `path` into one sentence.

    Raises:
        StorageError: The block met a full disk, a missing permission or the like.
    """
    try:
        yield
    except Exception as error:
        number = _error_number(error)
        if number not in _REASONS:
            raise
        reason, hint = _REASONS[number]
        raise StorageError(f"'{path}' cannot be written: {reason}.", hint) from error


def _error_number(error: Exception) -> int:
    """The system's error number; safetensors reports it in its message only."""
    if isinstance(error, OSError):
        return error.errno or 0
    if type(error).__name__ == "SafetensorError" and (found := _NUMBER.search(str(error))):
        return int(found.group(1))
    return 0


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; it takes the place of `path` when the block succeeds.

    Missing parent folders are made. When the block fails, `path` is as before and nothing is left.

    Raises:
        StorageError: The file cannot be written.
    """
    temporary = _beside(path, "tmp")
    with storage_errors(path):
        make_folder(path.parent)
        try:
            yield temporary
            settle(temporary, path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """An empty folder beside `path` to fill; it takes the place of `path` when the block succeeds.

    Whatever `path` held before is gone then. When the block fails, or the process is killed at any
    moment, `path` is as before.

    Raises:
        StorageError: The folder cannot be written.
    """
    temporary = _beside(path, "tmp")
    with storage_errors(path):
        make_folder(path.parent)
        try:
            temporary.mkdir()
            yield temporary
            sync_tree(temporary)
            _take_place(temporary, path)
            sync(path.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def make_folder(path: Path) -> None:
    """Make a folder and those above it that are missing, so that they last through a power cut.

    Raises:
        OSError: It cannot be made.
    """
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for each in missing:
        sync(each.parent)


def require_writable(path: Path) -> None:
    """Refuse a place that cannot be written to, before any work is done for it.

    Writes nothing, so a full disk goes unnoticed.

    Raises:
        StorageError: `path`, or the folder it would be made in, is a file or not to be written.
    """
    path = path.absolute()
    place = next(each for each in (path, *path.parents) if os.path.lexists(each))
    with storage_errors(path):
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(place))
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "not writable", str(place))


def remove_folder(path: Path) -> None:
    """Remove a folder: under its name it is whole until it is gone."""
    doomed = _beside(path, "tmp")
    with suppress(OSError):
        path.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def is_leftover(path: Path) -> bool:
    """Whether a killed writer may have left `path`."""
    return bool(_LEFTOVER.match(path.name))


def remove_leftovers(path: Path) -> None:
    """Remove what killed writers of `path` left beside it. Call it only as the single writer."""
    for leftover in path.parent.glob(f".{path.name}.*.tmp"):
        _remove(leftover)


def sweep(folder: Path) -> None:
    """Remove what killed writers left anywhere below `folder`. Call it only as its one writer."""
    for leftover in [path for path in folder.rglob(".*.tmp") if is_leftover(path)]:
        _remove(leftover)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}.{ending}")


def _take_place(new: Path, path: Path) -> None:
    """Move `new` to `path`; what stood there is then at `new`, or gone."""
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(path))
    if not path.exists():
        new.rename(path)
    elif not _exchange(new, path):
        old = _beside(path, "old")
        path.rename(old)
        try:
            new.rename(path)
        except OSError:
            old.rename(path)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Swap two paths in one step. False where the system cannot; nothing has changed then."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    at_cwd, exchange = -100, 2
    if rename is None:
        return False
    failed = rename(at_cwd, os.fsencode(first), at_cwd, os.fsencode(second), exchange)
    return not failed


def settle(new: Path, path: Path) -> None:
    """Let a file that is complete take the place of `path`, so that it lasts through a power cut.

    Raises:
        OSError: It cannot be moved.
    """
    sync(new)
    make_folder(path.parent)
    new.replace(path)
    sync(path.parent)


def sync_tree(folder: Path) -> None:
    """`sync` for a folder and all that is in it."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def sync(path: Path) -> None:
    """Have the content of a file, or the names in a folder, last through a power cut."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
