"""Addresses on the web as data: which files they mean, and what those are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from genzoo import DataError, SourceRequest, UsageError
from genzoo_sources.connection import NotThereError, RemoteFile, look, shown
from genzoo_sources.messages import SHOWN
from genzoo_sources.reader import Patience, RemoteReader
from genzoo_sources.remote_shards import RemoteShards
from genzoo_sources.shard_files import CLASSES, ENDING, expand
from genzoo_sources.shard_source import class_names

AT_ONCE = 16
"""Files that are looked at at a time."""

LARGEST_CLASSES = 2**20
"""Bytes that a list of class names may have."""


def open_address(request: SourceRequest) -> RemoteShards:
    """The tar shards at an address.

    Raises:
        DataError: One cannot be had or read, or there is no sample in them.
        StorageError: The cache cannot be written.
        UsageError: They are not to be streamed, or it is not an address of tar shards.
    """
    name = shown(request.data)
    if not request.stream:
        raise UsageError(
            f"'{name}' is an address, and can only be streamed.",
            "Add --stream to genzoo train or genzoo evaluate.",
        )
    patience = Patience(request.note)
    files = files_at(request.data, patience)
    classes = classes_beside(files[0], patience)
    return RemoteShards(files, classes, replace(request, data=name), patience)


def files_at(pattern: str, patience: Patience) -> list[RemoteFile]:
    """The shards that an address stands for, as they are now.

    Raises:
        DataError: One of them cannot be had.
        UsageError: It is not an address of tar files.
    """
    urls = expand(pattern)
    for url in urls:
        _check(url)
    found = patience.side_by_side(AT_ONCE, partial(_look, patience=patience), urls)
    missing = [each for each in found if isinstance(each, DataError)]
    if missing:
        raise _missing(pattern, len(urls), missing)
    return [each for each in found if isinstance(each, RemoteFile)]


def classes_beside(file: RemoteFile, patience: Patience) -> tuple[str, ...]:
    """The class names beside a shard; none where there is no list of them.

    Raises:
        DataError: It is too long, or no text.
    """
    base, _, signature = file.url.partition("?")
    url = f"{base.rpartition('/')[0]}/{CLASSES}" + (f"?{signature}" if signature else "")
    listed = _look(url, patience)
    if isinstance(listed, DataError):
        return ()
    if listed.size > LARGEST_CLASSES:
        raise DataError(f"'{shown(url)}' is too long for a list of class names.")
    with RemoteReader(listed, patience) as reader:
        content = reader.readall() or b""
    try:
        return class_names(content.decode("utf-8").splitlines())
    except ValueError as error:
        raise DataError(
            f"'{shown(url)}' cannot be read.", "It must have one class name a line, in UTF-8."
        ) from error


def _look(url: str, patience: Patience) -> RemoteFile | DataError:
    try:
        return patience.persist(url, lambda: look(url))
    except NotThereError as error:
        return error


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "An address with a user name or password in it is not taken.",
            "Put them into ~/.netrc.",
        )
    if not parts.path.lower().endswith(ENDING) or not parts.hostname:
        raise UsageError(
            f"'{shown(url)}' is not an address of tar shards.",
            "Type one that ends in .tar, such as https://HOST/part-{000..099}.tar.",
        )


def _missing(pattern: str, count: int, missing: Sequence[DataError]) -> DataError:
    more = f" And {len(missing) - SHOWN} more." if len(missing) > SHOWN else ""
    told = " ".join(error.message for error in missing[:SHOWN]) + more
    return DataError(
        f"Of the {count} shards of '{shown(pattern)}', {len(missing)} are missing: {told}",
        missing[0].hint,
    )
