"""One file from the Hub to the disk: resumed where it stopped, bounded and verified."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from genzoo.artifact.file_hashes import check_file_once
from genzoo.artifact.format import FileRecord
from genzoo.errors import ArtifactError
from genzoo.hub.allowed_files import RemoteFile
from genzoo.hub.hub_errors import hub_errors, too_slow
from genzoo.hub.repository_info import RemoteModel
from genzoo.hub.timed_requests import Transfer
from genzoo.system.atomic_files import make_folder, storage_errors

PATIENCE, LEAST = 30.0, 30_000
"""A download is given up when fewer than so many bytes arrive in so many seconds."""

SILENCE = 10.0
"""Seconds without a byte after which another connection is tried."""

ATTEMPTS, PAUSE = 6, 1.0
"""Connections that are tried before a byte arrives, and seconds between them."""

_SLOW = f"less than {LEAST // 1000} kB arrived in {PATIENCE:.0f} seconds"
_KEPT = "What has arrived is kept: the next pull goes on from there."


def fetch_file(
    remote: RemoteModel,
    file: RemoteFile,
    folder: Path,
    arrived: Callable[[int], None],
    sha256: str = "",
) -> Path:
    """Bring a file into `folder` and verify it there; what an earlier call began is continued.

    Args:
        remote: Where it is.
        file: Which; its name was checked.
        folder: Whose only writer is the caller.
        arrived: Hears of more bytes, or of fewer.
        sha256: What its content must be, besides what the Hub says.

    Raises:
        ArtifactError: It is not what was announced; nothing is kept then.
        HubError: The connection failed or is too slow; what has arrived is kept.
        StorageError: It cannot be written; what has arrived is kept.
    """
    path = folder / file.name
    partial = path.with_name(f"{path.name}.part")
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            path.rename(partial)
        begun = partial.stat().st_size if partial.is_file() else 0
        if begun > file.size:
            partial.unlink()
            begun = 0
        arrived(begun)
        try:
            _receive_all(remote, file, partial, arrived)
            _verify(partial, file, sha256, str(remote.reference))
        except ArtifactError:
            partial.unlink()
            raise
        partial.replace(path)
    return path


def is_as_announced(path: Path, file: RemoteFile, record: FileRecord | None = None) -> bool:
    """Whether a file is here as it was published; a large one is read once a change.

    Args:
        path: Where it should be.
        file: What the Hub says of it.
        record: What the model says of it.
    """
    if record is None and file.sha256:
        record = FileRecord(sha256=file.sha256, size=file.size)
    if record is None:
        here = path.is_file() and path.stat().st_size == file.size
        return here and file.git_id in ("", _git_id(path, file.size))
    try:
        check_file_once(path, record)
    except ArtifactError:
        return False
    return True


class _Pace:
    """Whether enough arrives: `LEAST` bytes in each `PATIENCE` seconds."""

    def __init__(self) -> None:
        self._since, self._count = time.monotonic(), 0

    def received(self, count: int) -> None:
        """So many more bytes are here."""
        self._count += count
        if self._count >= LEAST:
            self._since, self._count = time.monotonic(), 0

    def left(self) -> float:
        """Seconds until the server is given up."""
        return self._since + PATIENCE - time.monotonic()


def _receive_all(
    remote: RemoteModel, file: RemoteFile, partial: Path, arrived: Callable[[int], None]
) -> None:
    """Append what is still to come, over as many connections as it takes."""
    pace, attempts = _Pace(), ATTEMPTS
    with partial.open("ab") as target, hub_errors(remote.reference.repository, remote.commit):
        while target.tell() < file.size:
            before = target.tell()
            try:
                _receive(remote, file, target, arrived, pace)
                return
            except Exception as error:
                attempts = ATTEMPTS if target.tell() > before else attempts - 1
                if isinstance(error, TimeoutError) or pace.left() <= 0:
                    raise too_slow(_SLOW, _KEPT) from error
                if not _is_broken(error) or not attempts:
                    raise
                time.sleep(PAUSE)


def _receive(
    remote: RemoteModel,
    file: RemoteFile,
    target: BinaryIO,
    arrived: Callable[[int], None],
    pace: _Pace,
) -> None:
    from huggingface_hub import hf_hub_url

    repository, begun = remote.reference.repository, target.tell()
    url = hf_hub_url(repository, remote.reference.path_of(file.name), revision=remote.commit)
    headers = {"Range": f"bytes={begun}-"} if begun else {}
    with Transfer(url, repository, remote.commit, headers=headers, silence=SILENCE) as transfer:
        if transfer.head(pace.left()).status != 206 and begun:
            target.seek(target.truncate(0))  # It sends all of it again.
            arrived(-begun)
        while piece := transfer.piece(pace.left()):
            if target.tell() + len(piece) > file.size:
                raise ArtifactError(
                    f"'{file.name}' of '{remote.reference}' is refused: it is longer than the "
                    f"{file.size:,} bytes announced."
                )
            target.write(piece)
            arrived(len(piece))
            pace.received(len(piece))


def _is_broken(error: Exception) -> bool:
    """Whether a connection broke, which may work when it is tried again."""
    return any(one.__name__ == "TransportError" for one in type(error).__mro__)


def _verify(path: Path, file: RemoteFile, sha256: str, source: str) -> None:
    """Compare size and content with everything that is known about them."""
    refused = f"'{file.name}' of '{source}' is refused"
    size = path.stat().st_size
    if size != file.size:
        raise ArtifactError(f"{refused}: it has {size:,} bytes instead of {file.size:,}.")
    known = {digest for digest in (file.sha256, sha256) if digest}
    if known and known != {_sha256(path)}:
        raise ArtifactError(f"{refused}: its SHA-256 is not the one that was announced.")
    # What git keeps for a large file is a pointer, not the content.
    if not file.sha256 and file.git_id not in ("", _git_id(path, size)):
        raise ArtifactError(f"{refused}: its content is not the one that was announced.")


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _git_id(path: Path, size: int) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(
            content, lambda: hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        ).hexdigest()


@contextmanager
def only_writer(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` for unfinished files, which no other process uses meanwhile."""
    from huggingface_hub.utils import WeakFileLock

    partial = folder.with_name(f".{folder.name}.part")
    with storage_errors(folder):
        make_folder(folder.parent)
        with WeakFileLock(folder.parent / ".lock"):
            partial.mkdir(exist_ok=True)
            yield partial
