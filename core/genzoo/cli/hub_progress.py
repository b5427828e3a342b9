"""Telling the user how far a pull or push is, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from genzoo.cli.output import Output, output
from genzoo.hub.progress import HubProgress

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from genzoo.registry import Registry


@contextmanager
def hub_progress() -> Iterator[HubProgress]:
    """Phases as lines, and in a terminal a bar while bytes arrive; nothing when quiet."""
    teller = Teller(output())
    try:
        yield teller
    finally:
        teller.close()


def at_hand(model: str, registry: Registry) -> Path:
    """The folder of the model that the user named; pulled from the Hub if it has to be.

    Raises:
        GenzooError: There is none; see `genzoo.zoo.resolve`.
    """
    from genzoo.zoo import resolve

    with hub_progress() as progress:
        return resolve(model, registry, progress).folder


class Teller(HubProgress):
    """Speaks as the command does."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def phase(self, title: str) -> None:
        self.close()
        self._output.note(f"{title}.")

    def started(self, total: int) -> None:
        if not total or self._output.quiet or not sys.stderr.isatty():
            return
        # 60 ms to import, which only those who wait anyway should wait for.
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=total)
        self._bar.start()

    def advanced(self, count: int) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, count)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
