"""A lock file: the models of the Hub that a project uses, each at a commit, with all its hashes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from genzoo.artifact.file_hashes import check_file, describe_files
from genzoo.artifact.format import FileRecord, Section
from genzoo.errors import ArtifactError, UnknownNameError, UsageError, unknown_name
from genzoo.hub.cache import find_cached, record_revision
from genzoo.hub.pull import WeightsOf, fetch, plan_pull, pull
from genzoo.hub.pull_record import PULLED
from genzoo.hub.reference import HubReference, parse_reference
from genzoo.progress import Progress, silent
from genzoo.system.atomic_files import atomic_write

LOCK_FILE = "genzoo.lock"
LOCK_VERSION = 1
MAX_LOCK_BYTES = 16 << 20


class LockedModel(Section):
    """A model at a commit, with size and SHA-256 of each of its files."""

    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    files: dict[str, FileRecord] = Field(max_length=10_000)


class Lock(Section):
    """The content of the file: models by what the project calls them, `owner/name[@revision]`."""

    version: int = Field(LOCK_VERSION, ge=1, le=LOCK_VERSION)
    models: dict[str, LockedModel] = Field(default_factory=dict, max_length=10_000)


def read_lock(path: Path) -> Lock:
    """Read a lock file.

    Raises:
        ArtifactError: It is none, or of a newer genzoo.
        UnknownNameError: It is not there.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_LOCK_BYTES + 1)
    except FileNotFoundError:
        raise UnknownNameError(
            f"There is no lock file '{path}'.", "Write one with: genzoo lock OWNER/NAME"
        ) from None
    try:
        if len(raw) > MAX_LOCK_BYTES:
            raise ValueError("it is too large")
        lock = Lock.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "content"
        raise ArtifactError(f"'{path}' is not a lock file: {where}: {first['msg']}.") from None
    except ValueError as error:
        raise ArtifactError(f"'{path}' is not a lock file: {error}.") from None
    for name in lock.models:
        parse_reference(name)
    return lock


def write_lock(path: Path, lock: Lock) -> None:
    """Write a lock file, models and files in order.

    Raises:
        StorageError: It cannot be written.
    """
    text = json.dumps(lock.model_dump(mode="json"), indent=2, sort_keys=True)
    with atomic_write(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def lock_models(
    lock: Lock,
    references: Iterable[HubReference],
    progress: Progress = silent,
    weights_of: WeightsOf | None = None,
) -> Lock:
    """The lock with these models as they are in the cache; what is not there is pulled.

    Raises:
        ArtifactError: A model is damaged, or refused.
        HubError, UnknownNameError: One has to be pulled and cannot be.
    """
    models = dict(lock.models)
    for reference in references:
        folder = fetch(reference, progress, weights_of)
        files = describe_files(folder, frozenset({PULLED}))
        models[str(reference)] = LockedModel(commit=folder.name, files=files)
    return Lock(models=models)


def pull_locked(
    lock: Lock,
    name: str,
    progress: Progress = silent,
    weights_of: WeightsOf | None = None,
) -> Path:
    """The artifact that a lock pins; pulled at its commit unless it is cached.

    Afterwards `name` means it, offline too.

    Raises:
        ArtifactError: The Hub has other files than the lock, or the cached ones were altered.
        HubError: It has to be pulled and cannot be.
        UnknownNameError: The lock does not have it.
    """
    if name not in lock.models:
        raise unknown_name("locked model", name, lock.models, "Add it with: genzoo lock NAME")
    locked = lock.models[name]
    reference = parse_reference(name)
    if reference.is_commit and reference.revision != locked.commit:
        raise UsageError(f"The lock has another commit for '{name}'.", "Lock it again.")
    pinned = reference.at(locked.commit)
    folder = find_cached(pinned)
    if folder is None:
        plan = plan_pull(pinned, weights_of=weights_of)
        _check_names(name, locked, (file.name for file in plan.files))
        folder = pull(plan, progress, locked.files)
    for file, record in locked.files.items():
        check_file(folder / file, record)
    record_revision(reference, locked.commit)
    return folder


def _check_names(name: str, locked: LockedModel, names: Iterable[str]) -> None:
    found = set(names)
    different = sorted(found ^ locked.files.keys())
    if different:
        raise ArtifactError(
            f"'{name}' has other files than the lock: {', '.join(different[:5])}.",
            "Lock it again if that is wanted: genzoo lock NAME",
        )
