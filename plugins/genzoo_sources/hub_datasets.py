"""Data sets on the Hugging Face Hub: fetched as a whole, or read file by file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genzoo import DataError, FileSource, SourceRequest, UsageError, repository_info, within
from genzoo_sources.arrow_source import ArrowSource
from genzoo_sources.connection import RemoteFile
from genzoo_sources.hub_library import (
    ANSWERS,
    FOLDERS,
    check_format,
    check_library,
    choose_split,
    from_hub,
    hub_builder,
    prepared,
)
from genzoo_sources.reader import Patience
from genzoo_sources.remote_shards import RemoteShards
from genzoo_sources.remote_tables import RemoteTables
from genzoo_sources.web_addresses import classes_beside

REFERENCE = re.compile(
    r"(hf://(datasets/)?|hf:)(?P<repo>[\w.-]+(/[\w.-]+)?)"
    r"(:(?P<split>[\w.-]+))?(@(?P<revision>\S+))?"
)
ADDRESS = re.compile(r"hf://datasets/([\w.-]+(?:/[\w.-]+)?)[@/]")

TARS, TABLES = "webdataset", "parquet"
"""Formats that are read file by file, as the library `datasets` calls them."""


@dataclass(frozen=True)
class Reference:
    """A data set on the Hub: `hf://datasets/OWNER/NAME[:SPLIT][@REVISION]`."""

    repo: str
    split: str | None
    revision: str | None


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


def parse_reference(name: str) -> Reference:
    """The parts of a name; `hf://OWNER/NAME` and `hf:OWNER/NAME` are read too.

    Raises:
        UsageError: It is none.
    """
    match = REFERENCE.fullmatch(name)
    if match is None:
        raise UsageError(
            f"'{name}' is not a name of a data set on the Hub.",
            "Type hf://datasets/OWNER/NAME, with :SPLIT and @REVISION after it if needed.",
        )
    return Reference(match["repo"], match["split"], match["revision"])


def open_hub(request: SourceRequest) -> FileSource:
    """The data set on the Hub that a name means.

    Raises:
        DataError: It cannot be had, or holds no samples of the kind.
        HubError, StorageError: As `from_hub`.
        UsageError: A name or split that is wrong, or the library is missing.
    """
    reference = parse_reference(request.data)
    check_library(request.data)
    builder = hub_builder(reference.repo, reference.revision, request.data)
    if request.stream:
        patience = Patience(request.note)
        found = hub_files(builder, reference, request.data)
        if found.format == TABLES:
            return RemoteTables(found.files, found.features, request, patience)
        if found.format == TARS:
            classes = classes_beside(found.files[0], patience)
            return RemoteShards(found.files, classes, request, patience)
    return _fetched(builder, reference, request)


def _fetched(builder: Any, reference: Reference, request: SourceRequest) -> ArrowSource:
    name, folders = request.data, list[Path]()

    def load() -> Any:
        if check_format(builder, name) == FOLDERS:
            folders.extend(_downloads(builder))
        return prepared(builder, name)

    found = from_hub(load, reference.repo, reference.revision, name)
    return ArrowSource(choose_split(found, name, reference.split), request, folders)


def _downloads(builder: Any) -> Iterator[Path]:
    """Where the library puts the files of a data set, which its own columns then name."""
    from datasets import config
    from huggingface_hub.constants import HF_HUB_CACHE

    for files in builder.config.data_files.values():
        for address in files:
            match = ADDRESS.match(str(address))
            if match is not None:
                yield Path(HF_HUB_CACHE) / f"datasets--{match[1].replace('/', '--')}"
                break
    yield Path(config.EXTRACTED_DATASETS_PATH)


def hub_files(builder: Any, reference: Reference, name: str) -> HubFiles:
    """The files of a data set; nothing of them is fetched.

    Raises:
        DataError: It cannot be had.
        HubError, StorageError: As `from_hub`.
        UsageError: A split that is wrong.
    """
    repo, revision = reference.repo, reference.revision
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
