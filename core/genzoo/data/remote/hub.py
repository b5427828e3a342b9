"""Data sets of the Hugging Face Hub that are read shard by shard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genzoo.data.hub_datasets import (
    Reference,
    check_format,
    check_library,
    choose_split,
    loaded,
    parse_reference,
)
from genzoo.data.remote.connection import RemoteFile
from genzoo.errors import DataError
from genzoo.interfaces.kind import Kind
from genzoo.version import __version__

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
        UsageError: A name or split that is wrong, or the library is missing.
    """
    reference = parse_reference(name)
    check_library(name, kind)
    builder = loaded(lambda: _builder(reference), name)
    paths = _paths(choose_split(builder.config.data_files, name, reference.split))
    commit = paths[0][0]
    known = loaded(lambda: _contents(reference.repo, commit), name)
    missing = [path for _, path in paths if path not in known]
    if missing:
        raise DataError(f"'{name}' has no file '{missing[0]}'.", "Try again later.")
    files = [_file(reference.repo, commit, path, *known[path]) for _, path in paths]
    return HubFiles(check_format(builder, name), files, builder.info.features)


def _builder(reference: Reference) -> Any:
    from datasets import load_dataset_builder

    return load_dataset_builder(reference.repo, revision=reference.revision)


def _paths(addresses: Sequence[str]) -> list[tuple[str, str]]:
    """Commit and path of each of `hf://datasets/OWNER/NAME@COMMIT/PATH`."""
    from huggingface_hub import HfFileSystem

    resolve = HfFileSystem().resolve_path
    found: list[Any] = [resolve(str(address)) for address in addresses]
    return [(each.revision, each.path_in_repo) for each in found]


def _contents(repo: str, commit: str) -> dict[str, tuple[int, str]]:
    """Size and id of the content of each file."""
    from huggingface_hub import HfApi

    api = HfApi(library_name="genzoo", library_version=__version__)
    info = api.dataset_info(repo, revision=commit, files_metadata=True)
    return {
        one.rfilename: (int(one.size or 0), str(one.lfs.sha256 if one.lfs else one.blob_id))
        for one in info.siblings or ()
    }


def _file(repo: str, commit: str, path: str, size: int, content: str) -> RemoteFile:
    from huggingface_hub import hf_hub_url

    url = hf_hub_url(repo, path, repo_type="dataset", revision=commit)
    return RemoteFile(url, size, content=content)
