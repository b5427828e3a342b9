"""Telling the user how far work is, on stderr: bars in a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from genzoo.cli.printing import Output, output
from genzoo.cli.terminal_text import on_one_line
from genzoo.progress import Progress, silent

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

LINE_SECONDS = 10.0
"""Least time between two lines where there is no terminal."""


@contextmanager
def stages() -> Iterator[Progress]:
    """A bar for each stage in a terminal, lines in a file, nothing when quiet."""
    out = output()
    if out.quiet:
        yield silent
    elif sys.stderr.isatty():
        with _stage_bars() as stage:
            yield stage
    else:
        yield _stage_lines(out)


@contextmanager
def transfers() -> Iterator[Progress]:
    """A line for each stage, and in a terminal a bar while bytes arrive; nothing when quiet."""
    shown = _Transfers(output())
    try:
        yield shown
    finally:
        shown.close()


@contextmanager
def _stage_bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(),
    )
    tasks: dict[str, tuple[TaskID, float]] = {}
    with Bars(*columns, console=Console(stderr=True)) as bars:

        def stage(what: str, done: int, total: int) -> None:
            if what not in tasks:
                task = bars.add_task(on_one_line(what), total=total, rate="")
                tasks[what] = task, time.monotonic()
            task, started = tasks[what]
            seconds = time.monotonic() - started
            rate = f"{done / seconds:.0f}/s" if seconds > 1 else ""
            bars.update(task, completed=done, rate=rate)

        yield stage


def _stage_lines(out: Output) -> Progress:
    said_at = -LINE_SECONDS

    def stage(what: str, done: int, total: int) -> None:
        nonlocal said_at
        now = time.monotonic()
        if done == total or now - said_at >= LINE_SECONDS:
            said_at = now
            out.note(f"{what}: {done} of {total}")

    return stage


class _Transfers:
    """What comes from the Hub or goes there."""

    def __init__(self, out: Output) -> None:
        self._output = out
        self._what = ""
        self._bar: Bars | None = None
        self._task: TaskID | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self.close()
            self._what = what
            self._output.note(f"{what}.")
            self._start(total)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _start(self, total: int) -> None:
        if not total or self._output.quiet or not sys.stderr.isatty():
            return
        # 60 ms to import, which only those who wait anyway should wait for.
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.progress import Progress as Bars

        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self._bar = Bars(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=total)
        self._bar.start()
