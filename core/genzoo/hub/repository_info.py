"""What the Hub says about repositories, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from genzoo.errors import HubError, unknown_name
from genzoo.hub.allowed_files import RemoteFile
from genzoo.hub.client import LIBRARY
from genzoo.hub.hub_errors import not_the_hub
from genzoo.hub.reference import MAIN, HubReference, as_reference, is_commit
from genzoo.hub.timed_requests import ask

_SHA256 = re.compile(r"[0-9a-f]{64}")
PRINTABLE = re.compile(r"[\w./-]{1,200}", re.ASCII)
"""Names of files that are repeated to people."""


@dataclass(frozen=True)
class RepositoryInfo:
    """A repository at one commit.

    Attributes:
        commit: What the revision is at now.
        files: All files of the repository, their names unchecked.
        licence: Of the card; empty if it has none.
        private: Whether few may see it.
    """

    commit: str
    files: tuple[RemoteFile, ...]
    licence: str = ""
    private: bool = False


@dataclass(frozen=True)
class RemoteModel:
    """A model on the Hub at one commit.

    Attributes:
        reference: As it was asked for.
        files: All files of its folder, their names from there on, unchecked.
        commit, licence, private: As of `RepositoryInfo`.
    """

    reference: HubReference
    commit: str
    files: tuple[RemoteFile, ...]
    licence: str = ""
    private: bool = False


@dataclass(frozen=True)
class Hit:
    """A model that a search found."""

    repository: str
    licence: str
    tags: tuple[str, ...]
    downloads: int
    changed: str


def find_remote(reference: HubReference) -> RemoteModel:
    """Ask the Hub for a revision's commit and files.

    Raises:
        HubError: It cannot be reached within seconds, refuses, or is not what answers.
        UnknownNameError: It has no such repository or revision.
    """
    info = repository_info("models", reference.repository, reference.revision)
    files = _files_of(reference, info.files)
    return RemoteModel(reference, info.commit, files, info.licence, info.private)


def _files_of(reference: HubReference, files: tuple[RemoteFile, ...]) -> tuple[RemoteFile, ...]:
    """Those of the model's folder, named from there on.

    Raises:
        UnknownNameError: The repository has no such folder.
    """
    if not reference.folder:
        return files
    start = f"{reference.folder}/"
    found = [
        replace(file, name=file.name.removeprefix(start))
        for file in files
        if file.name.startswith(start)
    ]
    if not found:
        raise unknown_name(f"folder of {reference.repository}", reference.folder, folders(files))
    return tuple(found)


def folders(files: Iterable[RemoteFile]) -> list[str]:
    """The folders of a repository that may hold a model, by their `config.json`."""
    named = [file.name.rpartition("/") for file in files if PRINTABLE.fullmatch(file.name)]
    return sorted(folder for folder, _, name in named if folder and name == "config.json")


def repository_info(kind: str, name: str, revision: str = MAIN) -> RepositoryInfo:
    """Ask the Hub for a revision's commit and files.

    Args:
        kind: `models` or `datasets`.
        name: The repository.
        revision: A branch, a tag or a commit.

    Raises:
        HubError, UnknownNameError: As `find_remote`.
    """
    path = f"api/{kind}/{name}/revision/{quote(revision, safe='')}"
    info = ask(path, name, revision, {"blobs": True})
    if not isinstance(info, dict) or "sha" not in info:
        raise not_the_hub(f"its answer does not describe '{name}'")
    commit, listed = info["sha"], info.get("siblings")
    if not (isinstance(commit, str) and is_commit(commit) and isinstance(listed, list)):
        raise _nonsense(name)
    files = tuple(_file(one, name) for one in listed)
    return RepositoryInfo(commit, files, _licence(info), bool(info.get("private")))


def search(text: str = "", limit: int = 50) -> list[Hit]:
    """Models of genzoo on the Hub, those downloaded most first.

    Raises:
        HubError: It cannot be reached, refuses, or is not what answers.
    """
    params = {"filter": LIBRARY, "sort": "downloads", "limit": limit, "full": True}
    found = ask("api/models", LIBRARY, params=params | ({"search": text} if text else {}))
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise not_the_hub("its answer is not a list of models")
    return [_hit(row) for row in found[:limit] if as_reference(str(row.get("id")))]


def _hit(row: Mapping[str, Any]) -> Hit:
    downloads, changed = row.get("downloads"), row.get("lastModified")
    return Hit(
        repository=str(row["id"]),
        licence=_licence(row),
        tags=_tags(row),
        downloads=downloads if isinstance(downloads, int) else 0,
        changed=changed[:10] if isinstance(changed, str) else "",
    )


def _file(row: Any, name: str) -> RemoteFile:
    """A row of the list of files; what of it is to be compared must be as it should."""
    try:
        path, size, large = row["rfilename"], row["size"], row.get("lfs")
        sha256 = large["sha256"] if large else ""
        git_id = row.get("blobId") or ""
        if not all(isinstance(text, str) for text in (path, sha256, git_id)):
            raise TypeError
        if type(size) is not int or size < 0 or (sha256 and not _SHA256.fullmatch(sha256)):
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _nonsense(name) from None
    return RemoteFile(path, size, sha256, git_id)


def _licence(row: Mapping[str, Any]) -> str:
    """From the card, or else from the tags, which lists have too."""
    card = row.get("cardData")
    if isinstance(card, dict) and card.get("license"):
        return str(card["license"])
    return next((tag[8:] for tag in _tags(row) if tag.startswith("license:")), "")


def _tags(row: Mapping[str, Any]) -> tuple[str, ...]:
    tags = row.get("tags")
    return tuple(map(str, tags)) if isinstance(tags, list) else ()


def _nonsense(name: str) -> HubError:
    return not_the_hub(f"what it says about '{name}' makes no sense")
