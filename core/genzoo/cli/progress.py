"""Telling the user how a training run goes, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from genzoo.cli.output import Output
from genzoo.training.reporter import Reporter

BAR_SECONDS = 0.2
"""Least time between two updates of the bar."""

LINE_SECONDS = 10.0
"""Least time between two lines where there is no terminal."""


@contextmanager
def progress_reporter(output: Output) -> Iterator[Reporter]:
    """A bar in a terminal, lines in a file, nothing when quiet."""
    if output.quiet:
        yield Reporter()
        return
    if not sys.stderr.isatty():
        yield LineReporter(output)
        return
    with _bar(Console(stderr=True)) as bar:
        yield BarReporter(bar)


class LineReporter(Reporter):
    """Plain lines, one in about ten seconds."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._total = 0
        self._said_at = -LINE_SECONDS

    def note(self, message: str) -> None:
        self._output.note(message)

    def decoding(self, done: int, total: int) -> None:
        if self._is_time(done == total):
            self._output.note(f"Read {done} of {total} images.")

    def started(self, first_step: int, total_steps: int) -> None:
        self._total = total_steps

    def measured(self, step: int, metrics: Mapping[str, float]) -> None:
        if self._is_time(step == self._total):
            self._output.note(f"step {step}/{self._total}  {describe(metrics)}")

    def _is_time(self, last: bool) -> bool:
        now = time.monotonic()
        if not last and now - self._said_at < LINE_SECONDS:
            return False
        self._said_at = now
        return True


class BarReporter(Reporter):
    """A bar with the steps, the rate, the time left and the losses."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = None
        self._drawn_at = 0.0

    def note(self, message: str) -> None:
        self._bar.console.print(message, markup=False, highlight=False)

    def decoding(self, done: int, total: int) -> None:
        if self._task is None:
            self._task = self._bar.add_task("Reading images", total=total, facts="")
        if done == total or self._is_time():
            self._bar.update(self._task, completed=done, refresh=True)

    def started(self, first_step: int, total_steps: int) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(
            "Training", total=total_steps, completed=first_step, facts=""
        )

    def stepped(self, step: int) -> None:
        if self._task is not None and self._is_time():
            self._bar.update(self._task, completed=step, refresh=True)

    def measured(self, step: int, metrics: Mapping[str, float]) -> None:
        if self._task is not None:
            facts = describe(metrics)
            self._bar.update(self._task, completed=step, facts=facts, refresh=True)

    def snapshot(self, step: int, path: Path) -> None:
        if step:
            self.note(f"Samples of step {step}: {path}")

    def _is_time(self) -> bool:
        now = time.monotonic()
        if now - self._drawn_at < BAR_SECONDS:
            return False
        self._drawn_at = now
        return True


def describe(metrics: Mapping[str, float]) -> str:
    """Rate and losses in a line: `213 images/s  discriminator/loss 1.39`."""
    losses = [f"{key} {value:.4g}" for key, value in metrics.items() if key != "images_per_second"]
    rate = metrics.get("images_per_second")
    return "  ".join([*([] if rate is None else [f"{rate:.0f} images/s"]), *losses])


def _bar(console: Console) -> Progress:
    """Refreshed by updates alone: a thread that draws would take time from every step."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[facts]}", markup=False),
        console=console,
        auto_refresh=False,
    )
