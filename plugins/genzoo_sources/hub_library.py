"""The Hugging Face library `datasets`: what it asks the Hub, and what it opens.

It is an extra, and imported only for its data. What it asks ends in bounded time, and its errors
are sentences. No code of a data set is run, and nothing is unpickled: only formats that hold plain
content are opened.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from genzoo import (
    DataError,
    GenzooError,
    StorageError,
    UnknownNameError,
    UsageError,
    asking_hub,
    repository_info,
    within,
)
from genzoo_sources.messages import one_line
from genzoo_sources.table_bounds import check_arrow, check_parquet

T = TypeVar("T")

PARQUET = ".parquet"
FOLDERS = "imagefolder"
FORMATS = ("parquet", "arrow", FOLDERS, "webdataset")
"""What files of a data set on the Hub may be."""

CHECKS = {"parquet": check_parquet, "arrow": check_arrow}
"""What refuses files that unfold to too much."""

READERS = ["datasets", "packaged_modules"]
"""Where the library keeps what reads each of them."""

ANSWERS = 60.0
"""Seconds for all that is asked before the first file is fetched."""


def hub_builder(repo: str, revision: str | None, name: str) -> Any:
    """What the library knows of a data set on the Hub before it fetches it.

    Raises:
        DataError, HubError: As `from_hub`.
    """

    def ask() -> Any:
        from datasets import load_dataset_builder

        return load_dataset_builder(repo, revision=revision)

    return from_hub(lambda: within(ANSWERS, ask), repo, revision, name)


def from_hub(load: Callable[[], T], repo: str, revision: str | None, name: str) -> T:
    """What `load` has from the Hub.

    Raises:
        DataError: There is no such data set, or it cannot be read.
        HubError: The Hub cannot be reached, refuses, is too slow, or is not what answers.
        StorageError: The disk is full.
    """
    at = revision or "main"
    try:
        try:
            with disk_errors(), asking_hub(repo, at):
                return load()
        except GenzooError:
            raise
        except Exception as error:  # the library and what it builds on raise many kinds
            # It may say little of an answer that says more.
            repository_info("datasets", repo, at)
            raise DataError(
                f"'{name}' cannot be loaded: {one_line(error)}.", "Check what it consists of."
            ) from error
    except UnknownNameError as error:
        raise DataError(
            f"'{name}' cannot be loaded: the Hub has no such data set that you may see, or not "
            "that revision of it.",
            "Check its name. Log in with: hf auth login (or set HF_TOKEN).",
        ) from error


@contextmanager
def disk_errors() -> Iterator[None]:
    """Say so where a full disk is behind an error, whatever the library made of it.

    Raises:
        StorageError: It is.
    """
    try:
        yield
    except Exception as error:
        chain: BaseException | None = error
        for _ in range(20):
            if isinstance(chain, OSError) and chain.errno in (errno.ENOSPC, errno.EDQUOT):
                place = f"'{chain.filename}'" if chain.filename else "what is fetched"
                raise StorageError(
                    f"The disk is full: {place} cannot be written.",
                    "Free some space, or set HF_HOME to a folder on another disk.",
                ) from error
            chain = chain and (chain.__cause__ or chain.__context__)
        raise


def check_library(name: str) -> None:
    """Refuse a missing library.

    Raises:
        UsageError: It is so.
    """
    if find_spec("datasets") is None:
        raise UsageError(
            f"'{name}' needs the library datasets.", "Type pip install 'genzoo[datasets]'."
        )


def check_format(builder: Any, name: str) -> str:
    """What the files of a data set are, by the module of the library that reads them.

    Raises:
        DataError: It is none of `FORMATS`.
    """
    modules = (one.__module__.split(".") for one in type(builder).__mro__)
    found = next((parts[2] for parts in modules if parts[:2] == READERS), "other")
    if found not in FORMATS:
        raise DataError(
            f"'{name}' consists of files of the format '{found}'.",
            f"Data sets on the Hub are read as {', '.join(FORMATS)}.",
        )
    return found


def prepared(builder: Any, name: str) -> Any:
    """The data set of a builder; how much its tables unfold to is looked at before they are read.

    Raises:
        DataError: It is too much, or it is not one of `FORMATS`.
    """
    from datasets import DownloadConfig, DownloadManager

    check = CHECKS.get(check_format(builder, name))

    class Checked(DownloadManager):
        def download(self, url_or_urls: Any) -> Any:
            found = super().download(url_or_urls)
            if check is not None:
                for path in _flat(found):
                    check(Path(path), name)
            return found

    config = DownloadConfig(
        use_etag=False, token=builder.token, storage_options=builder.storage_options
    )
    builder.download_and_prepare(
        dl_manager=Checked(builder.dataset_name, None, config, builder.base_path)
    )
    return builder.as_dataset()


def _flat(paths: Any) -> Iterator[str]:
    """The paths in lists and dictionaries of them."""
    if isinstance(paths, dict):
        paths = list(paths.values())
    if isinstance(paths, (list, tuple)):
        for each in paths:
            yield from _flat(each)
    else:
        yield str(paths)


def loaded(load: Callable[[], Any], name: str) -> Any:
    """What `load` gives.

    Raises:
        DataError: It failed.
        StorageError: The disk is full.
    """
    try:
        with disk_errors():
            return load()
    except (DataError, StorageError):
        raise
    except Exception as error:  # the library and what it builds on raise many kinds
        raise DataError(
            f"'{name}' cannot be loaded: {one_line(error)}.", "Check what it consists of."
        ) from error


def choose_split(found: Any, name: str, split: str | None) -> Any:
    """That of the split asked for; by default of `train`, or the only one. Or all, without splits.

    Raises:
        UsageError: There is none.
    """
    if not isinstance(found, dict):
        return found
    wanted = split or ("train" if "train" in found or len(found) != 1 else next(iter(found)))
    if wanted not in found:
        raise UsageError(
            f"'{name}' has no split '{wanted}'.", f"It has: {', '.join(map(str, found))}."
        )
    return found[wanted]
