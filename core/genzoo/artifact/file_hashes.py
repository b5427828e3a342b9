"""Whether files are what the artifact says they are. Imports no torch."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from genzoo.artifact.format import FileRecord
from genzoo.errors import ArtifactError
from genzoo.system.cache_folder import cache_root

ALWAYS_HASHED = 16 << 20
"""Files up to this size are read through at each load (about 10 ms); larger ones once a change."""

_HINT = "Get the model again, or save it anew."


def describe_file(path: Path) -> FileRecord:
    """Size and hash of a file."""
    return FileRecord(sha256=_sha256(path), size=path.stat().st_size)


def describe_files(folder: Path, excluded: frozenset[str]) -> dict[str, FileRecord]:
    """Size and hash of every file below `folder`, by relative path, sorted."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: describe_file(path) for name, path in names.items() if name not in excluded}


def check_size(path: Path, record: FileRecord) -> os.stat_result:
    """Compare the size of a file with what was recorded.

    Raises:
        ArtifactError: It is missing, is a folder, pipe or device, or has another size.
    """
    try:
        facts = path.stat()
    except OSError:
        raise ArtifactError(f"'{path}' is missing.", _HINT) from None
    if not stat.S_ISREG(facts.st_mode):
        raise ArtifactError(f"'{path}' is not a file.", _HINT)
    if facts.st_size != record.size:
        raise ArtifactError(
            f"'{path}' is damaged: it has {facts.st_size:,} bytes instead of {record.size:,}.",
            _HINT,
        )
    return facts


def check_file(path: Path, record: FileRecord) -> None:
    """Compare size and content of a file with what was recorded.

    Raises:
        ArtifactError: It is missing or not as it was saved.
    """
    check_size(path, record)
    try:
        same = _sha256(path) == record.sha256
    except OSError as error:
        raise ArtifactError(f"'{path}' cannot be read: {error.strerror or error}.") from error
    if not same:
        raise ArtifactError(f"'{path}' was altered: its SHA-256 is not the recorded one.", _HINT)


def check_file_once(path: Path, record: FileRecord) -> None:
    """`check_file`, except that a large file is hashed again only after it changed.

    Raises:
        ArtifactError: It is missing or not as it was saved.
    """
    with unless_known(path, record, "hash") as unknown:
        if unknown:
            check_file(path, record)


@contextmanager
def unless_known(path: Path, record: FileRecord, what: str) -> Iterator[bool]:
    """Whether to check something that takes as long as a file is large.

    When the block raises nothing, the verdict on a large file is remembered in genzoo's cache
    under `what` and the file's path, size, inode and time of last change. Small files are checked
    always. `genzoo verify` never relies on it.

    Raises:
        ArtifactError: The file is missing, or has another size than recorded.
    """
    facts = check_size(path, record)
    if facts.st_size <= ALWAYS_HASHED:
        yield True
        return
    marker = _marker(path, facts, record, what)
    known = marker.exists()
    yield not known
    if not known:
        with suppress(OSError):
            marker.parent.mkdir(parents=True, exist_ok=True)
            marker.touch()


def _marker(path: Path, facts: os.stat_result, record: FileRecord, what: str) -> Path:
    state = (facts.st_size, facts.st_ino, facts.st_mtime_ns)
    identity = (what, path.resolve(), *state, record.sha256)
    name = hashlib.sha256(repr(identity).encode()).hexdigest()
    return cache_root() / "verified" / name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
