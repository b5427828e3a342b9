"""Telling the user how a training run goes, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from genzoo.cli.printing import Output
from genzoo.cli.terminal_text import on_one_line
from genzoo.training.reporter import Reporter

BAR_SECONDS = 0.2
"""Least time between two updates of the bar."""

RATE = "samples_per_second"
LEARNING_RATE = "learning_rate/"

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
    with TrainingProgress(Console(stderr=True)) as bar:
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
            self._output.note(f"Decoded {done} of {total}.")

    def encoding(self, done: int, total: int) -> None:
        if self._is_time(done == total):
            self._output.note(f"Encoded {done} of {total}.")

    def started(self, first_step: int, total_steps: int) -> None:
        self._total = total_steps

    def measured(self, step: int, metrics: Mapping[str, float]) -> None:
        if self._is_time(step == self._total):
            facts = f"{rate_in_words(metrics)}  {losses_in_words(metrics)}"
            self._output.note(f"step {step}/{self._total}  {facts}")

    def _is_time(self, last: bool) -> bool:
        now = time.monotonic()
        if not last and now - self._said_at < LINE_SECONDS:
            return False
        self._said_at = now
        return True


class BarReporter(Reporter):
    """A bar with the steps, the rate and the time left, and the losses below it."""

    def __init__(self, bar: TrainingProgress) -> None:
        self._bar = bar
        self._task: TaskID | None = None
        self._preparing = ""
        self._drawn_at = -BAR_SECONDS

    def note(self, message: str) -> None:
        self._bar.console.print(on_one_line(message), markup=False, highlight=False)

    def decoding(self, done: int, total: int) -> None:
        self._prepare("Decoding", done, total)

    def encoding(self, done: int, total: int) -> None:
        self._prepare("Encoding", done, total)

    def started(self, first_step: int, total_steps: int) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(
            "Training", total=total_steps, completed=first_step, rate=""
        )

    def stepped(self, step: int) -> None:
        self._show(step)

    def measured(self, step: int, metrics: Mapping[str, float]) -> None:
        self._bar.losses = losses_in_words(metrics)
        self._show(step, now=True, rate=rate_in_words(metrics))

    def _prepare(self, what: str, done: int, total: int) -> None:
        """What comes before training; the bar of one thing goes when the next begins."""
        if self._preparing != what:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._preparing, self._task = what, self._bar.add_task(what, total=total, rate="")
        self._show(done, now=done == total)

    def _show(self, completed: int, now: bool = False, **fields: Any) -> None:
        moment = time.monotonic()
        if self._task is None or (not now and moment - self._drawn_at < BAR_SECONDS):
            return
        self._drawn_at = moment
        self._bar.update(self._task, completed=completed, refresh=True, **fields)


class TrainingProgress(Progress):
    """A progress bar with a line of losses below it.

    It is drawn by updates alone: a thread that draws would take time from every step.
    """

    def __init__(self, console: Console) -> None:
        self.losses = ""
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}", markup=False),
            TimeRemainingColumn(),
            console=console,
            auto_refresh=False,
        )

    def get_renderables(self) -> Iterator[RenderableType]:
        """The bar, then the losses."""
        yield from super().get_renderables()
        if self.losses:
            yield Text(self.losses, style="dim")


def rate_in_words(metrics: Mapping[str, float]) -> str:
    """`213 samples/s`, if it was measured."""
    rate = metrics.get(RATE)
    return "" if rate is None else f"{rate:.0f} samples/s"


def losses_in_words(metrics: Mapping[str, float]) -> str:
    """`generator/fake 0.6967  discriminator/real 0.6016`."""
    losses = (key for key in metrics if "/" in key and not key.startswith(LEARNING_RATE))
    return "  ".join(f"{on_one_line(key)} {metrics[key]:.4g}" for key in losses)
