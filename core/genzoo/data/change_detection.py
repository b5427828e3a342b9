"""Notices what happens to data while a run uses them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from genzoo.data.data_argument import IN_MEMORY, DataLike
from genzoo.data.dataset import Dataset
from genzoo.data.find_source import find_source
from genzoo.data.streamed_files import StreamedFiles
from genzoo.data.streamed_rows import StreamedRows
from genzoo.errors import DataError, GenzooError
from genzoo.registry import Registry
from genzoo.system.cache_folder import cache_root

Look = Callable[[], str]

SHARE = 0.01
"""Looking at a million files takes seconds: the next look waits until it costs this share."""


def watch_data(data: DataLike, dataset: Dataset, registry: Registry) -> DataWatch:
    """A watch on the data `data` that were opened as `dataset`."""
    afar = dataset.blocks is not None and not isinstance(dataset.rows, StreamedFiles)
    if afar or dataset.name == IN_MEMORY:
        # What comes from afar is compared with what it was when it arrives.
        return DataWatch(dataset, lambda: dataset.fingerprint)
    stream = isinstance(dataset.rows, StreamedRows)

    def look() -> str:
        return find_source(data, dataset.kind, registry, cache_root(), stream=stream).identity

    return DataWatch(dataset, look)


class DataWatch:
    """Looks whether data are still what a run began with. Call it at each checkpoint.

    A run trains on the decoded copy in the cache, so it goes on whatever becomes of the source. One
    that streams reads the source itself, and does not.

    Args:
        dataset: The data as they were opened.
        look: Names the content of their source as it is now; raises GenzooError where it is gone.
    """

    def __init__(self, dataset: Dataset, look: Look) -> None:
        self._name = dataset.name
        self._streamed = isinstance(dataset.rows, StreamedRows)
        self._look = look
        self._expected = look()
        file = getattr(dataset.rows, "filename", None)
        self._copy = None if file is None else Path(file)
        self._facts = self._copy_facts()
        self._next = time.monotonic()
        self._told = False

    def __call__(self, last: bool) -> str:
        """A sentence for the user where the source changed, once; empty otherwise.

        Args:
            last: Nothing is read any more: what was streamed is looked at whatever it costs.

        Raises:
            DataError: What the run reads was changed, so it may have seen other rows.
        """
        self._check_copy()
        if self._told or self._unchanged(surely=last and self._streamed):
            return ""
        if self._streamed:
            raise DataError(
                f"The data '{self._name}' was changed or removed while a run was streaming it.",
                "Put it back as it was and resume the run: it goes on from its last checkpoint.",
            )
        self._told = True
        return (
            f"The data '{self._name}' has changed or gone since the run began. The run goes on "
            "with what it decoded, but can only be resumed with the data as it was."
        )

    def _unchanged(self, surely: bool) -> bool:
        """Whether the source is as it was, as far as one has looked."""
        begun = time.monotonic()
        if begun < self._next and not surely:
            return True
        try:
            return self._look() == self._expected
        except (GenzooError, OSError):
            return False
        finally:
            now = time.monotonic()
            self._next = now + (now - begun) / SHARE

    def _check_copy(self) -> None:
        facts = self._copy_facts()
        # A deleted copy lives on as long as it is mapped.
        if self._copy is None or facts is None or facts == self._facts:
            return
        raise DataError(
            f"The decoded data in '{self._copy}' was changed while a run was using it.",
            f"Delete the folder '{self._copy.parent}' and resume the run: it goes on from its "
            "last checkpoint.",
        )

    def _copy_facts(self) -> tuple[int, ...] | None:
        if self._copy is None:
            return None
        try:
            facts = self._copy.stat()
        except OSError:
            return None
        return facts.st_ino, facts.st_size, facts.st_mtime_ns
