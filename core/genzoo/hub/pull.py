"""From a name on the Hub to a verified artifact in the cache."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genzoo.artifact.format import CONFIG, ArtifactConfig, FileRecord, read_config
from genzoo.artifact.integrity import check_file_once
from genzoo.errors import ArtifactError, StorageError
from genzoo.files import storage_errors
from genzoo.hub.cached import commit_folder, find_cached, record_revision
from genzoo.hub.download import fetch_file
from genzoo.hub.files import RemoteFile, check_agreement, check_files, wanted_files
from genzoo.hub.progress import HubProgress
from genzoo.hub.reference import HubReference
from genzoo.hub.remote import RemoteModel, find_remote


@dataclass(frozen=True)
class PullPlan:
    """What a pull would do.

    Attributes:
        remote: The model on the Hub, at a commit.
        config: Its description, which is here already.
        files: What the model consists of here afterwards.
        missing: Those of them that are still to be fetched.
        folder: Where it will be.
    """

    remote: RemoteModel
    config: ArtifactConfig
    files: tuple[RemoteFile, ...]
    missing: tuple[RemoteFile, ...]
    folder: Path

    @property
    def missing_bytes(self) -> int:
        """How much is to be fetched."""
        return sum(file.size for file in self.missing)


def plan_pull(reference: HubReference, *, everything: bool = False) -> PullPlan:
    """Ask the Hub what a model consists of, and check all that can be checked before it is sent.

    Fetches no more than the model's `config.json`.

    Args:
        reference: Which.
        everything: Also what is there to train on.

    Raises:
        ArtifactError: It is no model of genzoo, or one that is refused; says why.
        HubError: The Hub cannot be reached, or refuses.
        UnknownNameError: There is no such repository or revision.
    """
    remote = find_remote(reference)
    source = str(reference)
    files = check_files(remote.files, source)
    if CONFIG not in files:
        raise ArtifactError(f"'{source}' is no model of genzoo: it has no {CONFIG}.")
    folder = commit_folder(reference, remote.commit)
    config = _config(remote, files[CONFIG], folder)
    check_agreement(config, files, source)
    wanted = tuple(files[name] for name in wanted_files(config, files, everything=everything))
    missing = tuple(file for file in wanted if not _is_whole(folder, file, config))
    return PullPlan(remote, config, wanted, missing, folder)


def pull(
    plan: PullPlan,
    progress: HubProgress | None = None,
    pins: Mapping[str, FileRecord] | None = None,
) -> Path:
    """Carry a plan out; several processes may at once.

    Args:
        plan: From `plan_pull`.
        progress: Hears how far it is.
        pins: What files must be, besides what the Hub and the model say.

    Returns:
        The artifact's folder.

    Raises:
        ArtifactError: A file is not what was announced. The model is not there then.
        HubError: The connection failed; the next pull goes on from there.
        StorageError: The cache cannot be written, or has no room.
    """
    progress = progress or HubProgress()
    with _only_writer(plan.folder) as partial:
        missing = [file for file in plan.missing if not _is_whole(plan.folder, file, plan.config)]
        size = sum(file.size for file in missing)
        _require_room(plan.folder, size)
        progress.phase(f"Downloading {plan.remote.reference}: {len(missing)} files, {size:,} bytes")
        progress.started(size)
        for file in missing:
            expected = (pins or {}).get(file.name) or plan.config.files.get(file.name)
            sha256 = expected.sha256 if expected else ""
            fetch_file(plan.remote, file, partial, progress, sha256)
        progress.phase(f"Verified {len(missing)} files")
        _put_in_place(partial, plan.folder, missing)
    record_revision(plan.remote.reference, plan.remote.commit)
    return plan.folder


def fetch(reference: HubReference, progress: HubProgress | None = None) -> Path:
    """The artifact of a model: the one in the cache, without asking the Hub, or else pulled.

    Raises:
        ArtifactError, HubError, StorageError, UnknownNameError: As `plan_pull` and `pull`.
    """
    found = find_cached(reference)
    return found if found is not None else pull(plan_pull(reference), progress)


def _config(remote: RemoteModel, file: RemoteFile, folder: Path) -> ArtifactConfig:
    if not _is_here(folder, file):
        with _only_writer(folder) as partial:
            fetch_file(remote, file, partial, HubProgress())
            return _read(partial, remote)
    return _read(folder, remote)


def _read(folder: Path, remote: RemoteModel) -> ArtifactConfig:
    try:
        return read_config(folder)
    except ArtifactError as error:
        reason = error.message.replace(f"'{folder / CONFIG}'", f"its {CONFIG}")
        raise ArtifactError(
            f"'{remote.reference}' is no model that this genzoo can use: {reason}", error.hint
        ) from error


def _is_here(folder: Path, file: RemoteFile) -> bool:
    path = folder / file.name
    return path.is_file() and path.stat().st_size == file.size


def _is_whole(folder: Path, file: RemoteFile, config: ArtifactConfig) -> bool:
    """Whether a file is here as it was published: one that was altered is fetched again."""
    record = config.files.get(file.name)
    if record is None or not _is_here(folder, file):
        return _is_here(folder, file)
    try:
        check_file_once(folder / file.name, record)
    except ArtifactError:
        return False
    return True


@contextmanager
def _only_writer(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` for unfinished files, which no other process uses meanwhile."""
    from huggingface_hub.utils import WeakFileLock

    partial = folder.with_name(f".{folder.name}.part")
    with storage_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(folder.parent / ".lock"):
            partial.mkdir(exist_ok=True)
            yield partial


def _put_in_place(partial: Path, folder: Path, files: list[RemoteFile]) -> None:
    """The whole folder at once where there is none yet, so that a reader never sees a part."""
    if not folder.exists():
        _remove_others(partial, {file.name for file in files})
        partial.rename(folder)
        return
    for file in files:
        (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
        (partial / file.name).replace(folder / file.name)
    shutil.rmtree(partial, ignore_errors=True)


def _remove_others(folder: Path, names: set[str]) -> None:
    """Remove what an interrupted pull of more files began."""
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in names:
            path.unlink()


def _require_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder.parent).free
    if size > free:
        raise StorageError(
            f"The model has {size:,} bytes, and {free:,} are free on the disk of {folder.parent}.",
            "Free some space, or set GENZOO_CACHE to a folder on another disk.",
        )
