"""From a name on the Hub to a verified artifact in the cache."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genzoo.artifact.format import CARD, CONFIG, WEIGHTS, ArtifactConfig, FileRecord, read_config
from genzoo.errors import ArtifactError, StorageError
from genzoo.hub.allowed_files import RemoteFile, check_agreement, check_files, wanted_files
from genzoo.hub.cache import commit_folder, find_cached, record_revision
from genzoo.hub.download import fetch_file, is_as_announced, only_writer
from genzoo.hub.pull_record import check_pulled, record_pulled
from genzoo.hub.reference import HubReference
from genzoo.hub.repository_info import RemoteModel, find_remote, folders
from genzoo.progress import Arriving, Progress, silent
from genzoo.system.atomic_files import settle, sync, sync_tree

WeightsOf = Callable[[Path], Sequence[str] | None]
"""From a folder with a `config.json` that is not genzoo's to the names that the safetensors file
with the weights may have, the preferred one first; None for a format that is not known."""


@dataclass(frozen=True)
class PullPlan:
    """What a pull would do.

    Attributes:
        remote: The model on the Hub, at a commit.
        config: Its description, which is here already; None where other software saved it.
        files: What the model consists of here afterwards.
        missing: Those of them that are still to be fetched.
        folder: Where it will be.
    """

    remote: RemoteModel
    config: ArtifactConfig | None
    files: tuple[RemoteFile, ...]
    missing: tuple[RemoteFile, ...]
    folder: Path

    @property
    def weights(self) -> RemoteFile:
        """The file with what sampling needs."""
        own = self.config is not None
        names = [file for file in self.files if file.name.endswith(".safetensors")]
        return next(file for file in names if not own or file.name == WEIGHTS)

    @property
    def missing_bytes(self) -> int:
        """How much is to be fetched."""
        return sum(file.size for file in self.missing)


def plan_pull(
    reference: HubReference, *, everything: bool = False, weights_of: WeightsOf | None = None
) -> PullPlan:
    """Ask the Hub what a model consists of, and check all that can be checked before it is sent.

    Fetches no more than the model's `config.json`.

    Args:
        reference: Which.
        everything: Also what is there to train on.
        weights_of: Knows models that other software saved. Of those only `config.json`, the card
            and the weights are fetched, whatever else is in the repository.

    Raises:
        ArtifactError: It is not a model of genzoo, or one that is refused; says why.
        HubError: The Hub cannot be reached, or refuses.
        UnknownNameError: There is no such repository or revision.
    """
    remote = find_remote(reference)
    try:
        return _plan_own(remote, everything)
    except ArtifactError:
        plan = _plan_foreign(remote, weights_of) if weights_of else None
        if plan is None:
            raise
        return plan


def _plan_own(remote: RemoteModel, everything: bool) -> PullPlan:
    source = str(remote.reference)
    _require_config(remote)
    files = check_files(remote.files, source)
    if CONFIG not in files:
        raise ArtifactError(f"'{source}' is not a model of genzoo: it has no {CONFIG}.")
    folder = commit_folder(remote.reference, remote.commit)
    with _described(remote, files[CONFIG], folder) as place:
        config = _read(place, remote)
    check_agreement(config, files, source)
    wanted = [files[name] for name in wanted_files(config, files, everything=everything)]
    return _plan(remote, config, wanted, folder)


def _require_config(remote: RemoteModel) -> None:
    """Name the folders of a repository that has models in them and none at its root.

    Raises:
        ArtifactError: It is such a one.
    """
    inner = folders(remote.files)
    if not inner or any(file.name == CONFIG for file in remote.files):
        return
    name = remote.reference.place
    raise ArtifactError(
        f"'{remote.reference}' is not a model itself: its folders {', '.join(inner[:8])} may be.",
        f"Name one, as in {name}/{'vae' if 'vae' in inner else inner[0]}.",
    )


def _plan_foreign(remote: RemoteModel, weights_of: WeightsOf) -> PullPlan | None:
    """The plan for a model that other software saved; None if it is of no format that is known."""
    there = {file.name: file for file in remote.files}
    if CONFIG not in there:
        return None
    files = check_files([there[CONFIG]], str(remote.reference))
    folder = commit_folder(remote.reference, remote.commit)
    with _described(remote, files[CONFIG], folder) as place:
        names = weights_of(place)
    if names is None:
        return None
    weights = [name for name in names if name in there and name.endswith(".safetensors")][:1]
    if not weights:
        raise ArtifactError(f"'{remote.reference}' has no {' or '.join(names)}.")
    card = [CARD] if CARD in there else []
    wanted = [there[name] for name in (CONFIG, *card, *weights)]
    check_files(wanted, str(remote.reference))
    return _plan(remote, None, wanted, folder)


def _plan(
    remote: RemoteModel, config: ArtifactConfig | None, wanted: list[RemoteFile], folder: Path
) -> PullPlan:
    missing = tuple(_missing(folder, wanted, config))
    return PullPlan(remote, config, tuple(wanted), missing, folder)


def pull(
    plan: PullPlan,
    progress: Progress = silent,
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
    with only_writer(plan.folder) as partial:
        missing = _missing(plan.folder, plan.missing, plan.config)
        size = sum(file.size for file in missing)
        _require_room(plan.folder, size)
        what = f"Downloading {plan.remote.reference}: {len(missing)} files, {size:,} bytes"
        arrived = Arriving(progress, what, size)
        for file in missing:
            expected = (pins or {}).get(file.name) or _record(file, plan.config)
            sha256 = expected.sha256 if expected else ""
            fetch_file(plan.remote, file, partial, arrived, sha256)
        progress(f"Verified {len(missing)} files", 0, 0)
        _put_in_place(partial, plan, missing)
    record_revision(plan.remote.reference, plan.remote.commit)
    return plan.folder


def fetch(
    reference: HubReference,
    progress: Progress = silent,
    weights_of: WeightsOf | None = None,
) -> Path:
    """The artifact of a model: the one in the cache, without asking the Hub, or else pulled.

    Raises:
        ArtifactError, HubError, StorageError, UnknownNameError: As `plan_pull` and `pull`.
    """
    found = find_cached(reference)
    if found is not None:
        return check_pulled(found, reference)
    return pull(plan_pull(reference, weights_of=weights_of), progress)


@contextmanager
def _described(remote: RemoteModel, file: RemoteFile, folder: Path) -> Iterator[Path]:
    """A folder with the model's `config.json`, which is fetched unless it is here."""
    if is_as_announced(folder / file.name, file):
        yield folder
        return
    with only_writer(folder) as partial:
        fetch_file(remote, file, partial, lambda count: None)
        yield partial


def _read(folder: Path, remote: RemoteModel) -> ArtifactConfig:
    try:
        return read_config(folder)
    except ArtifactError as error:
        reason = error.message.replace(f"'{folder / CONFIG}'", f"its {CONFIG}")
        raise ArtifactError(
            f"'{remote.reference}' is not a model that this genzoo can use: {reason}", error.hint
        ) from error


def _record(file: RemoteFile, config: ArtifactConfig | None) -> FileRecord | None:
    """What the model itself says of a file."""
    return config.files.get(file.name) if config else None


def _missing(
    folder: Path, files: Sequence[RemoteFile], config: ArtifactConfig | None
) -> list[RemoteFile]:
    """Those that are not here as they were published: one that was altered is fetched again."""
    return [
        file
        for file in files
        if not is_as_announced(folder / file.name, file, _record(file, config))
    ]


def _put_in_place(partial: Path, plan: PullPlan, files: list[RemoteFile]) -> None:
    """The whole folder at once where there is none yet, so that a reader never sees a part."""
    folder = plan.folder
    if not folder.exists():
        _remove_others(partial, {file.name for file in files})
        record_pulled(partial, plan.files, plan.config)
        sync_tree(partial)
        partial.rename(folder)
        sync(folder.parent)
        return
    for file in files:
        settle(partial / file.name, folder / file.name)
    record_pulled(folder, plan.files, plan.config)
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
