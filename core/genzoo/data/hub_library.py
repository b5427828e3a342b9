"""What the library `datasets` asks the Hub, in bounded time and with errors in a sentence."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from genzoo.errors import DataError, GenzooError, StorageError, UnknownNameError
from genzoo.hub.client import LOG_IN
from genzoo.hub.reference import MAIN
from genzoo.hub.refusals import at_once, hub_errors
from genzoo.hub.repository_info import repository_info
from genzoo.hub.transfer import within
from genzoo.plugin_errors import one_line

T = TypeVar("T")

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
    at = revision or MAIN
    try:
        try:
            with disk_errors(), hub_errors(repo, at), at_once():
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
            f"Check its name. {LOG_IN}",
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
