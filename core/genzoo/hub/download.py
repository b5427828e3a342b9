"""One file from the Hub to the disk: resumed where it stopped, bounded and verified."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from genzoo.atomic_files import make_folder, storage_errors
from genzoo.errors import ArtifactError
from genzoo.hub.allowed_files import RemoteFile
from genzoo.hub.client import client, hub_errors
from genzoo.hub.progress import HubProgress
from genzoo.hub.repository_info import RemoteModel


def fetch_file(
    remote: RemoteModel, file: RemoteFile, folder: Path, progress: HubProgress, sha256: str = ""
) -> Path:
    """Bring a file into `folder` and verify it there; what an earlier call began is continued.

    Args:
        remote: Where it is.
        file: Which; its name was checked.
        folder: Whose only writer is the caller.
        progress: Hears of the bytes.
        sha256: What its content must be, besides what the Hub says.

    Raises:
        ArtifactError: It is not what was announced; nothing is kept then.
        HubError: The connection failed; what has arrived is kept.
        StorageError: It cannot be written.
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
        progress.advanced(begun)
        if begun < file.size or not partial.exists():
            _receive(remote, file, partial, begun, progress)
        try:
            _verify(partial, file, sha256, str(remote.reference))
        except ArtifactError:
            partial.unlink()
            raise
        partial.replace(path)
    return path


def _receive(
    remote: RemoteModel, file: RemoteFile, partial: Path, begun: int, progress: HubProgress
) -> None:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    repository, sent = remote.reference.repository, f"'{file.name}' of '{remote.reference}'"
    url = hf_hub_url(repository, file.name, revision=remote.commit)
    headers = build_hf_headers(library_name=client().library_name)
    with (
        hub_errors(repository, remote.commit),
        _BoundedFile(partial, file.size, sent, progress) as target,
        _wrong_length(sent),
    ):
        # hf_hub_download begins anew after each interruption; this continues.
        http_get(
            url,
            target,
            resume_size=begun,
            headers={**headers, "Accept-Encoding": "identity"},
            tqdm_class=_silent_bar(),
        )


def _silent_bar() -> Any:
    """The client's bar, which draws nothing: progress is told by the file that is written."""
    from huggingface_hub.utils import tqdm

    class Silent(tqdm):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__(*args, **{**settings, "disable": True})  # type: ignore[no-untyped-call]

    return Silent


@contextmanager
def _wrong_length(sent: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if "Consistency check failed" not in str(error):
            raise
        raise ArtifactError(f"{sent} arrived incomplete.", "Pull it again.") from error


class _BoundedFile(io.FileIO):
    """Appends to a file, and refuses more bytes than were announced."""

    def __init__(self, path: Path, limit: int, sent: str, progress: HubProgress) -> None:
        super().__init__(path, "ab")
        self._limit = limit
        self._sent = sent
        self._progress = progress

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self.tell() + len(data) > self._limit:
            raise ArtifactError(
                f"{self._sent} is refused: it is longer than the {self._limit:,} bytes announced."
            )
        self._progress.advanced(len(data))
        return super().write(data)


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
