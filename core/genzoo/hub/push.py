"""From an artifact to a repository on the Hub, in one commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from genzoo.artifact.card import published_card
from genzoo.artifact.file_hashes import check_file
from genzoo.artifact.format import CARD, CONFIG, ArtifactConfig, read_config
from genzoo.errors import ArtifactError, HubError
from genzoo.hub.allowed_files import LEFT_ALONE, MAX_BYTES, RemoteFile, check_files
from genzoo.hub.client import LOG_IN, address, client, logged_in
from genzoo.hub.hub_errors import client_errors
from genzoo.hub.reference import HubReference
from genzoo.hub.repository_info import repository_info
from genzoo.hub.timed_requests import ANSWER, within
from genzoo.progress import Progress, silent

UPLOAD, SLOWEST = 60.0, 10_000
"""An upload may take so many seconds, and another for so many bytes."""


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
    progress: Progress = silent,
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
        ArtifactError: The artifact is damaged, or holds what is not part of one: a link, a pipe.
        HubError: There is no token, or the Hub refuses or cannot be reached.
    """
    progress("Checking the files", 0, 0)
    require_own_file(folder, CONFIG)
    config = read_config(folder)
    files = {name: folder / name for name in _listed(folder, config)} | dict(extras or {})
    described = [RemoteFile(name, path.stat().st_size) for name, path in files.items()]
    check_files(described, str(folder))
    size = sum(file.size for file in described)
    text = published_card(read_card(folder) if card is None else card, str(reference), licence)
    if not logged_in():
        raise HubError("You are not logged in to the Hugging Face Hub.", LOG_IN)
    progress(f"Uploading {len(files) + 1} files", 0, 0)
    with client_errors(reference.repository, reference.revision):
        within(
            ANSWER,
            lambda: client().create_repo(reference.repository, private=private, exist_ok=True),
        )
        before = repository_info("models", reference.repository, reference.revision)
        commit = within(
            UPLOAD + size / SLOWEST, lambda: _commit(reference, files, text, before.files)
        )
    return Pushed(commit, address(reference.repository), (*files, CARD))


def _listed(folder: Path, config: ArtifactConfig) -> list[str]:
    """The artifact's files besides the card, each as `config.json` describes it."""
    for name, record in config.files.items():
        require_own_file(folder, name)
        check_file(folder / name, record)
    return [CONFIG, *config.files]


def require_own_file(folder: Path, name: str) -> None:
    """Refuse to publish what is not a file of the folder's own.

    A folder from a stranger may hold links to the files of whoever publishes it, or pipes.

    Raises:
        ArtifactError: The file, or a folder on the way to it, is a link; or it is not a file.
    """
    path = folder
    for part in name.split("/"):
        path = path / part
        if path.is_symlink():
            raise ArtifactError(
                f"'{path}' is a link, which is not followed when a model is published.",
                "Put the file itself there.",
            )
    if path.exists() and not path.is_file():
        raise ArtifactError(f"'{path}' is not a file.", "Take it away.")


def read_card(folder: Path) -> str:
    """The text of an artifact's card.

    Raises:
        ArtifactError: It cannot be read, is a link, or is too long.
    """
    require_own_file(folder, CARD)
    hint = "Write one; see docs/hub.md."
    try:
        with (folder / CARD).open("rb") as file:
            content = file.read(MAX_BYTES[".md"] + 1)
        if len(content) > MAX_BYTES[".md"]:
            raise ArtifactError(f"'{folder / CARD}', the model's card, is too long.", hint)
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"'{folder / CARD}', the model's card, cannot be read.", hint
        ) from error


def _commit(
    reference: HubReference, files: Mapping[str, Path], card: str, before: Iterable[RemoteFile]
) -> str:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.utils import disable_progress_bars

    added = [CommitOperationAdd(name, path) for name, path in files.items()]
    added.append(CommitOperationAdd(CARD, card.encode()))
    kept = {operation.path_in_repo for operation in added} | LEFT_ALONE
    gone = [file.name for file in before if file.name not in kept]
    disable_progress_bars()
    result = client().create_commit(
        reference.repository,
        [*added, *(CommitOperationDelete(name) for name in gone)],
        commit_message="Publish the model",
        revision=reference.revision,
    )
    return str(result.oid)
