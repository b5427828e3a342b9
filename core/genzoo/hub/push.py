"""From an artifact to a repository on the Hub, in one commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from genzoo.artifact.card import published_card
from genzoo.artifact.format import CARD, CONFIG, ArtifactConfig, read_config
from genzoo.artifact.integrity import check_file
from genzoo.errors import ArtifactError, HubError
from genzoo.hub.allowed_files import LEFT_ALONE, RemoteFile, check_files
from genzoo.hub.client import LOG_IN, TIMEOUT, address, client, hub_errors, logged_in
from genzoo.hub.progress import HubProgress
from genzoo.hub.reference import HubReference


@dataclass(frozen=True)
class Pushed:
    """What is on the Hub now.

    Attributes:
        commit: Its new state.
        address: Where people look at it.
        files: All that it consists of.
    """

    commit: str
    address: str
    files: tuple[str, ...]


def push(
    folder: Path,
    reference: HubReference,
    *,
    private: bool = False,
    licence: str = "",
    card: str | None = None,
    extras: Mapping[str, Path] | None = None,
    progress: HubProgress | None = None,
) -> Pushed:
    """Publish an artifact; what else the repository had is gone from its new state.

    Args:
        folder: The artifact, which is checked first.
        reference: Where; the repository is made if there is none. The revision is a branch.
        private: Whether a repository that is made is to be seen by its owner alone.
        licence: SPDX identifier of the weights' licence, for the card.
        card: Text of the card; by default that of the artifact.
        extras: Further files by the names that they get, such as records of evaluations.
        progress: Hears of the phases.

    Raises:
        ArtifactError: The artifact is damaged, or holds what is no part of one.
        HubError: There is no token, or the Hub refuses or cannot be reached.
    """
    progress = progress or HubProgress()
    progress.phase("Checking the files")
    config = read_config(folder)
    files = {name: folder / name for name in _listed(folder, config)} | dict(extras or {})
    sizes = (RemoteFile(name, path.stat().st_size) for name, path in files.items())
    check_files(sizes, str(folder))
    text = published_card(read_card(folder) if card is None else card, str(reference), licence)
    if not logged_in():
        raise HubError("You are not logged in to the Hugging Face Hub.", LOG_IN)
    with hub_errors(reference.repository, reference.revision):
        progress.phase(f"Uploading {len(files) + 1} files")
        client().create_repo(reference.repository, private=private, exist_ok=True)
        commit = _commit(reference, files, text)
    return Pushed(commit, address(reference.repository), (*files, CARD))


def _listed(folder: Path, config: ArtifactConfig) -> list[str]:
    """The artifact's files besides the card, each as `config.json` describes it."""
    for name, record in config.files.items():
        check_file(folder / name, record)
    return [CONFIG, *config.files]


def read_card(folder: Path) -> str:
    """The text of an artifact's card.

    Raises:
        ArtifactError: It cannot be read.
    """
    try:
        return (folder / CARD).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"'{folder / CARD}', the model's card, cannot be read.", "Write one; see docs/hub.md."
        ) from error


def _commit(reference: HubReference, files: Mapping[str, Path], card: str) -> str:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.utils import disable_progress_bars

    added = [CommitOperationAdd(name, path) for name, path in files.items()]
    added.append(CommitOperationAdd(CARD, card.encode()))
    kept = {operation.path_in_repo for operation in added} | LEFT_ALONE
    info = client().model_info(reference.repository, revision=reference.revision, timeout=TIMEOUT)
    gone = [file.rfilename for file in info.siblings or () if file.rfilename not in kept]
    disable_progress_bars()
    result = client().create_commit(
        reference.repository,
        [*added, *(CommitOperationDelete(name) for name in gone)],
        commit_message="Publish the model",
        revision=reference.revision,
    )
    return str(result.oid)
