"""How a run is shown while it goes."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import pytest
from rich.console import Console

from genzoo.cli import training_progress as progress
from genzoo.cli.printing import Output
from genzoo.cli.training_progress import (
    BarReporter,
    LineReporter,
    TrainingProgress,
    losses_in_words,
    progress_reporter,
    rate_in_words,
)
from genzoo.training.reporter import Reporter

METRICS = {"generator/fake": 0.6931, "samples_per_second": 212.6, "discriminator/real": 1e-7}


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_metrics_in_words() -> None:
    assert rate_in_words(METRICS) == "213 samples/s"
    assert rate_in_words({}) == ""
    assert losses_in_words(METRICS) == "generator/fake 0.6931  discriminator/real 1e-07"


def test_lines_come_at_most_every_ten_seconds_and_at_the_end(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    reporter = LineReporter(Output())
    reporter.started(0, 50)
    for step in range(1, 51):
        reporter.stepped(step)
        clock.now += 3
        if step % 10 == 0 or step == 1:
            reporter.measured(step, {"loss": step})
            reporter.measured(step, {"loss": step})
    said = capsys.readouterr()
    assert said.out == ""
    steps = [line.split()[1] for line in said.err.splitlines()]
    assert steps == ["1/50", "10/50", "20/50", "30/50", "40/50", "50/50", "50/50"]


def test_quiet_reports_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_reporter(Output(quiet=True)) as reporter:
        assert type(reporter) is Reporter
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_there_are_lines() -> None:
    with progress_reporter(Output()) as reporter:
        assert isinstance(reporter, LineReporter)


def drawing(width: int = 100) -> tuple[io.StringIO, TrainingProgress]:
    file = io.StringIO()
    return file, TrainingProgress(Console(file=file, force_terminal=True, width=width))


def plain(file: io.StringIO) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue())


def test_the_bar_shows_steps_rate_time_and_losses() -> None:
    file, bar = drawing()
    with bar:
        reporter = BarReporter(bar)
        reporter.note("Training [on] cpu.")
        reporter.decoding(5, 5)
        reporter.started(10, 40)
        reporter.measured(20, METRICS)
        reporter.finished(20, True)
    text = plain(file)
    assert "Training [on] cpu." in text
    assert "Decoding" in text
    assert "5/5" in text
    last = text[text.rindex("Training ") :]
    assert "20/40" in last
    assert "213 samples/s" in last
    assert "generator/fake 0.6931" in last


def test_the_bar_is_drawn_at_most_five_times_a_second(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, bar = drawing()
    reporter = BarReporter(bar)
    reporter.started(0, 1000)
    updates: list[int] = []
    monkeypatch.setattr(bar, "update", lambda *_, completed, **__: updates.append(completed))
    for step in range(1, 1001):
        clock.now += 0.002
        reporter.stepped(step)
    assert len(updates) <= 11
    assert updates == sorted(updates)


def test_the_bar_starts_no_thread() -> None:
    import threading

    before = threading.active_count()
    _, bar = drawing()
    with bar:
        assert threading.active_count() == before


def test_a_step_costs_next_to_nothing() -> None:
    _, bar = drawing()
    reporter = BarReporter(bar)
    reporter.started(0, 10**6)
    reporter.stepped(1)
    began = time.thread_time()
    for step in range(2, 2002):
        reporter.stepped(step)
    # Microseconds in truth; a training step takes milliseconds.
    assert (time.thread_time() - began) / 2000 < 1e-4


def test_snapshots_and_checkpoints_are_silent() -> None:
    file, bar = drawing()
    reporter = BarReporter(bar)
    reporter.snapshot(1, Path("a.png"))
    reporter.checkpointed(1, Path("c"))
    assert file.getvalue() == ""
