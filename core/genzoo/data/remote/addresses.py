"""Addresses on the web as data: which files they mean, and what those are now."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from genzoo.data.remarks import SHOWN
from genzoo.data.remote.connection import SCHEMES, NotThereError, RemoteFile, look, shown
from genzoo.data.remote.reader import Patience, RemoteReader
from genzoo.data.shard_source import class_names
from genzoo.data.shards import CLASSES, ENDING, expand
from genzoo.errors import DataError, UsageError

AT_ONCE = 16
"""Files that are looked at at a time."""

LARGEST_CLASSES = 2**20
"""Bytes that a list of class names may have."""


def is_address(name: str) -> bool:
    """Whether `name` is an address on the web."""
    return name.lower().startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def files_at(pattern: str, patience: Patience) -> list[RemoteFile]:
    """The shards that an address stands for, as they are now.

    Raises:
        DataError: One of them cannot be had.
        UsageError: It is no address of tar files.
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
            f"'{shown(url)}' is no address of tar shards.",
            "Type one that ends in .tar, such as https://HOST/part-{000..099}.tar.",
        )


def _missing(pattern: str, count: int, missing: Sequence[DataError]) -> DataError:
    more = f" And {len(missing) - SHOWN} more." if len(missing) > SHOWN else ""
    told = " ".join(error.message for error in missing[:SHOWN]) + more
    return DataError(
        f"Of the {count} shards of '{shown(pattern)}', {len(missing)} are missing: {told}",
        missing[0].hint,
    )
