"""Data sets of the Hugging Face Hub that are read shard by shard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genzoo.data.hub_datasets import (
    check_format,
    check_library,
    choose_split,
    parse_reference,
)
from genzoo.data.hub_library import ANSWERS, from_hub, hub_builder
from genzoo.data.remote.connection import RemoteFile
from genzoo.errors import DataError
from genzoo.hub.repository_info import repository_info
from genzoo.hub.transfer import within
from genzoo.interfaces.kind import Kind

TARS, TABLES = "webdataset", "parquet"
"""Formats that are read shard by shard, as the library `datasets` calls them."""


@dataclass(frozen=True)
class HubFiles:
    """The files of a split of a data set, at one commit.

    Attributes:
        format: What they are, as the library `datasets` calls it.
        files: In order.
        features: What their columns are, if the data set says so.
    """

    format: str
    files: list[RemoteFile]
    features: Any = None


def hub_files(name: str, kind: Kind) -> HubFiles:
    """The files of the data set that `name` means; nothing of them is fetched.

    Raises:
        DataError: It cannot be had.
        HubError, StorageError: As `from_hub`.
        UsageError: A name or split that is wrong, or the library is missing.
    """
    reference = parse_reference(name)
    check_library(name)
    repo, revision = reference.repo, reference.revision
    builder = hub_builder(repo, revision, name)
    chosen = choose_split(builder.config.data_files, name, reference.split)
    paths = from_hub(lambda: within(ANSWERS, lambda: _paths(chosen)), repo, revision, name)
    commit = paths[0][0]
    known = _contents(repo, commit)
    missing = [path for _, path in paths if path not in known]
    if missing:
        raise DataError(f"'{name}' has no file '{missing[0]}'.", "Try again later.")
    files = [_file(repo, commit, path, *known[path]) for _, path in paths]
    return HubFiles(check_format(builder, name), files, builder.info.features)


def _paths(addresses: Sequence[str]) -> list[tuple[str, str]]:
    """Commit and path of each of `hf://datasets/OWNER/NAME@COMMIT/PATH`."""
    from huggingface_hub import HfFileSystem

    resolve = HfFileSystem().resolve_path
    found: list[Any] = [resolve(str(address)) for address in addresses]
    return [(each.revision, each.path_in_repo) for each in found]


def _contents(repo: str, commit: str) -> dict[str, tuple[int, str]]:
    """Size and id of the content of each file."""
    info = repository_info("datasets", repo, commit)
    return {one.name: (one.size, one.sha256 or one.git_id) for one in info.files}


def _file(repo: str, commit: str, path: str, size: int, content: str) -> RemoteFile:
    from huggingface_hub import hf_hub_url

    url = hf_hub_url(repo, path, repo_type="dataset", revision=commit)
    return RemoteFile(url, size, content=content)
