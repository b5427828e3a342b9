"""Models of the Hub that are on this machine. Imports nothing heavy.

models/OWNER--NAME/COMMIT/         an artifact, whole; OWNER--NAME--FOLDER where it lies in a folder
models/OWNER--NAME/.COMMIT.part/   one that is being pulled, or was
models/OWNER--NAME/refs/REVISION   the commit that a branch or tag was at when it was pulled
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from genzoo.errors import UnknownNameError
from genzoo.hub.reference import MAIN, HubReference, as_reference, is_commit
from genzoo.system.atomic_files import atomic_write, storage_errors
from genzoo.system.cache_folder import cache_root

CONFIG = "config.json"


@dataclass(frozen=True)
class CachedModel:
    """A model of the Hub on this machine.

    Attributes:
        repository: `owner/name`, or `owner/name/folder`.
        commit: Which state of it.
        revisions: Branches and tags that were at the commit when they were pulled.
        folder: The artifact.
    """

    repository: str
    commit: str
    revisions: tuple[str, ...]
    folder: Path

    @property
    def name(self) -> str:
        """The shortest name that means it."""
        if MAIN in self.revisions:
            return self.repository
        return f"{self.repository}@{self.revisions[0] if self.revisions else self.commit}"


def repository_folder(reference: HubReference) -> Path:
    """Where everything of a repository is kept."""
    # No part of a name has two hyphens in a row.
    return cache_root() / "models" / reference.place.replace("/", "--")


def commit_folder(reference: HubReference, commit: str) -> Path:
    """Where the artifact of a commit is, or will be."""
    return repository_folder(reference) / commit


def find_cached(reference: HubReference) -> Path | None:
    """The artifact that a reference meant when it was last pulled; None if it was not."""
    commit = reference.revision if reference.is_commit else _recorded(reference)
    folder = commit_folder(reference, commit)
    return folder if commit and (folder / CONFIG).is_file() else None


def record_revision(reference: HubReference, commit: str) -> None:
    """Remember which commit a branch or tag is at, so that its name works offline.

    Raises:
        StorageError: It cannot be written.
    """
    if not reference.is_commit and _recorded(reference) != commit:
        with atomic_write(_ref(reference)) as path:
            path.write_text(commit, encoding="ascii")


def list_cached() -> list[CachedModel]:
    """Everything that was pulled, by name."""
    found = [
        CachedModel(reference.place, place.name, _revisions(folder, place.name), place)
        for reference, folder in _repositories()
        for place in folder.iterdir()
        if is_commit(place.name) and (place / CONFIG).is_file()
    ]
    return sorted(found, key=lambda model: (model.repository, model.name))


def remove_cached(reference: HubReference, *, every: bool) -> list[Path]:
    """Remove a model of the Hub from this machine.

    Args:
        reference: Which.
        every: All its revisions and what is left of unfinished pulls, not this one alone.

    Raises:
        UnknownNameError: It is not here.
        StorageError: It cannot be removed.
    """
    place = repository_folder(reference) if every else find_cached(reference)
    if place is None or not place.is_dir():
        raise UnknownNameError(
            f"'{reference}' is not on this machine.", "Type 'genzoo models' to see what is."
        )
    folders = _artifacts(place) if every else [place]
    with storage_errors(place):
        shutil.rmtree(place)
        if not every:
            _forget(place)
    return folders


def _artifacts(repository: Path) -> list[Path]:
    return sorted(path for path in repository.iterdir() if is_commit(path.name))


def _forget(artifact: Path) -> None:
    """Drop the revisions that are at a commit that is gone, and the folder if nothing is left."""
    for name in _revisions(artifact.parent, artifact.name):
        (artifact.parent / "refs" / quote(name, safe="")).unlink(missing_ok=True)
    if not _artifacts(artifact.parent):
        shutil.rmtree(artifact.parent)


def _repositories() -> Iterator[tuple[HubReference, Path]]:
    with suppress(OSError):
        for folder in sorted((cache_root() / "models").iterdir()):
            reference = as_reference(folder.name.replace("--", "/"))
            if reference is not None and folder.is_dir():
                yield reference, folder


def _revisions(folder: Path, commit: str) -> tuple[str, ...]:
    names = [path.name for path in _listed(folder / "refs") if _read(path) == commit]
    return tuple(sorted(map(unquote, names), key=lambda name: (name != MAIN, name)))


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _ref(reference: HubReference) -> Path:
    return repository_folder(reference) / "refs" / quote(reference.revision, safe="")


def _recorded(reference: HubReference) -> str:
    """The commit, or an empty string."""
    return _read(_ref(reference))


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return text if is_commit(text) else ""
