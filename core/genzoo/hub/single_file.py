"""One file of any repository on the Hub, such as weights that others published."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from genzoo.errors import UnknownNameError, UsageError
from genzoo.hub.download import fetch_file, is_as_announced, only_writer
from genzoo.hub.reference import PREFIX, HubReference, as_reference
from genzoo.hub.repository_info import find_remote
from genzoo.progress import Arriving, Progress, silent
from genzoo.system.atomic_files import settle
from genzoo.system.cache_folder import cache_root

_ADDRESS = re.compile(r"(?P<repository>[^/]+/[^/]+)/(?P<file>.+)")


@dataclass(frozen=True)
class HubFile:
    """A file on the Hub.

    Attributes:
        repository: Where, and at which revision.
        name: Its path below the repository.
    """

    repository: HubReference
    name: str


def as_hub_file(text: str) -> HubFile | None:
    """What `hf://owner/name[@revision]/file` means; None for anything that begins otherwise.

    Raises:
        UsageError: It begins so and is no such address.
    """
    if not text.startswith(PREFIX):
        return None
    found = _ADDRESS.fullmatch(text.removeprefix(PREFIX))
    repository = as_reference(found["repository"]) if found else None
    if found is None or repository is None or repository.folder or not _stays_inside(found["file"]):
        raise UsageError(
            f"'{text}' is not an address of a file on the Hub.",
            f"Type {PREFIX}OWNER/NAME/FILE, or {PREFIX}OWNER/NAME@REVISION/FILE.",
        )
    return HubFile(repository, found["file"])


def here(file: str | Path, progress: Progress = silent) -> Path:
    """A path as it is; the file behind an address on the Hub, fetched.

    Raises:
        GenzooError: As `as_hub_file` and `fetch_hub_file`.
    """
    address = as_hub_file(file) if isinstance(file, str) else None
    return fetch_hub_file(address, progress) if address else Path(file).expanduser()


def fetch_hub_file(file: HubFile, progress: Progress = silent) -> Path:
    """The file in genzoo's cache, fetched unless it is there; its content is whatever it is.

    Raises:
        ArtifactError: What arrived is not what the Hub announced.
        HubError: The Hub cannot be reached, or refuses.
        StorageError: The cache cannot be written.
        UnknownNameError: There is no such repository, revision or file.
    """
    remote = find_remote(file.repository)
    wanted = next((one for one in remote.files if one.name == file.name), None)
    if wanted is None:
        raise UnknownNameError(
            f"'{file.repository}' has no file '{file.name}'.", "Look at its files on the Hub."
        )
    owner, name = file.repository.owner, file.repository.name
    folder = cache_root() / "files" / f"{owner}--{name}" / remote.commit
    path = folder / wanted.name
    if not is_as_announced(path, wanted):
        with only_writer(folder) as partial:
            what = f"Downloading {file.name}: {wanted.size:,} bytes"
            heard = Arriving(progress, what, wanted.size)
            settle(fetch_file(remote, wanted, partial, heard), path)
    return path


def _stays_inside(name: str) -> bool:
    return all(part not in ("", ".", "..") for part in name.split("/")) and "\\" not in name
