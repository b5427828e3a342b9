"""Telling the user how far work in several stages is, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from genzoo.cli.output import Output
from genzoo.cli.terminal_text import on_one_line

Stage = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is, and its total."""

LINE_SECONDS = 10.0
"""Least time between two lines where there is no terminal."""


@contextmanager
def stages(output: Output) -> Iterator[Stage]:
    """A bar for each stage in a terminal, lines in a file, nothing when quiet."""
    if output.quiet:
        yield lambda what, done, total: None
    elif sys.stderr.isatty():
        with _bars() as stage:
            yield stage
    else:
        yield _lines(output)


@contextmanager
def _bars() -> Iterator[Stage]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(),
    )
    tasks: dict[str, tuple[TaskID, float]] = {}
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def stage(what: str, done: int, total: int) -> None:
            if what not in tasks:
                title = on_one_line(what)
                tasks[what] = (
                    progress.add_task(title, total=total, rate=""),
                    time.monotonic(),
                )
            task, started = tasks[what]
            seconds = time.monotonic() - started
            rate = f"{done / seconds:.0f}/s" if seconds > 1 else ""
            progress.update(task, completed=done, rate=rate)

        yield stage


def _lines(output: Output) -> Stage:
    said_at = -LINE_SECONDS

    def stage(what: str, done: int, total: int) -> None:
        nonlocal said_at
        now = time.monotonic()
        if done == total or now - said_at >= LINE_SECONDS:
            said_at = now
            output.note(f"{what}: {done} of {total}")

    return stage
