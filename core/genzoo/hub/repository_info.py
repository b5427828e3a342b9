"""What the Hub says about a model, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genzoo.errors import HubError
from genzoo.hub.allowed_files import RemoteFile
from genzoo.hub.client import TIMEOUT, client, hub_errors
from genzoo.hub.reference import HubReference, is_commit

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo, RepoSibling

LIBRARY = "genzoo"
"""What models of genzoo are tagged with on the Hub."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RemoteModel:
    """A model on the Hub at one commit.

    Attributes:
        reference: As it was asked for.
        commit: What the revision is at now.
        files: All files of the repository, unchecked.
        licence: Of the card; empty if it has none.
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
        HubError: It cannot be reached within seconds, or refuses.
        UnknownNameError: It has no such repository or revision.
    """
    with hub_errors(reference.repository, reference.revision):
        info = client().model_info(
            reference.repository,
            revision=reference.revision,
            timeout=TIMEOUT,
            files_metadata=True,
        )
    if not is_commit(info.sha or ""):
        raise _nonsense(reference)
    files = tuple(_file(one, reference) for one in info.siblings or ())
    return RemoteModel(reference, str(info.sha), files, _licence(info), bool(info.private))


def search(text: str = "", limit: int = 50) -> list[Hit]:
    """Models of genzoo on the Hub, those downloaded most first.

    Raises:
        HubError: It cannot be reached.
    """
    with hub_errors(LIBRARY):
        found = client().list_models(
            filter=LIBRARY, search=text or None, sort="downloads", limit=limit, full=True
        )
        return [_hit(info) for info in found]


def _hit(info: ModelInfo) -> Hit:
    tags = tuple(str(tag) for tag in info.tags or ())
    changed = info.last_modified.date().isoformat() if info.last_modified else ""
    return Hit(info.id, _licence(info), tags, info.downloads or 0, changed)


def _file(sibling: RepoSibling, reference: HubReference) -> RemoteFile:
    large: Any = sibling.lfs
    sha256 = str(large.sha256) if large else ""
    whole = isinstance(sibling.size, int) and sibling.size >= 0
    if not whole or (sha256 and not _SHA256.fullmatch(sha256)):
        raise _nonsense(reference)
    return RemoteFile(sibling.rfilename, int(sibling.size or 0), sha256, str(sibling.blob_id or ""))


def _licence(info: ModelInfo) -> str:
    """From the card, or else from the tags, which lists have too."""
    card: Any = info.card_data
    if card is not None and card.get("license"):
        return str(card.get("license"))
    tags: Iterable[str] = info.tags or ()
    return next((tag[8:] for tag in tags if tag.startswith("license:")), "")


def _nonsense(reference: HubReference) -> HubError:
    return HubError(f"What the Hub says about '{reference}' makes no sense.", "Try again later.")
