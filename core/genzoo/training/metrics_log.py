"""The lines of `metrics.jsonl`, and how fast the run goes that they tell of."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from genzoo.data.dataset import Dataset
from genzoo.system.atomic_files import atomic_write, storage_errors, sync
from genzoo.system.plain_files import open_plain
from genzoo.system.processors import OtherPrograms
from genzoo.system.thread_waiting import POLICY, Waiting, shortage

LONGEST_LINE = 1 << 20
"""Bytes of a line of the log; longer ones are not its own."""


class MetricsLog:
    """Appends to `metrics.jsonl`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, line: Mapping[str, Any]) -> None:
        """Add one line; it is on its way to the disk when this returns.

        Raises:
            StorageError: It could not be written; a part of it may be, which `rewind` drops.
        """
        with storage_errors(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def sync(self) -> None:
        """Have the lines so far last through a power cut.

        Raises:
            StorageError: They cannot be written.
        """
        if self._path.exists():
            with storage_errors(self._path):
                sync(self._path)
                sync(self._path.parent)

    def rewind(self, step: int) -> None:
        """Drop what was logged after `step`, and a line that was cut short.

        Raises:
            StorageError: The log cannot be written.
        """
        if not self._path.exists():
            return
        with (
            atomic_write(self._path) as temporary,
            open_plain(self._path) as old,
            temporary.open("wb") as new,
        ):
            # A line that is longer than any of ours is taken in pieces, none of which is one.
            for line in iter(partial(old.readline, LONGEST_LINE), b""):
                if _step_of(line) <= step:
                    new.write(line)


def _step_of(line: bytes) -> float:
    if not line.endswith(b"\n"):
        return float("inf")
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return float("inf")


class Pace:
    """Measures from one line of the log to the next.

    Args:
        dataset: Knows how long reading it took.
        batch_size: Samples that a step takes in.
        step: Training steps complete.
        waiting: How threads wait for one another.
    """

    def __init__(self, dataset: Dataset, batch_size: int, step: int, waiting: Waiting) -> None:
        self._dataset = dataset
        self._batch_size = batch_size
        self._waiting = waiting
        self._others = OtherPrograms()
        self._before = (step, time.perf_counter(), dataset.reading_seconds)
        self._told = False

    def measure(self, step: int) -> dict[str, float]:
        """What the log says of the time since the last call.

        Samples per second, the share of the time that went into reading data, and where the system
        tells it, how many of the processors that the threads need other programs kept busy.
        `threads_spin` is 1 where threads that wait for one another spin for long.
        """
        before, since, read = self._before
        self._before = (step, time.perf_counter(), self._dataset.reading_seconds)
        _, now, reading = self._before
        passed = max(now - since, 1e-9)
        measured = {
            "samples_per_second": (step - before) * self._batch_size / passed,
            "data_share": (reading - read) / passed,
        }
        others = self._others.read()
        if others is not None:
            measured["processors_short"] = shortage(others)
            measured["threads_spin"] = float(self._waiting.spins)
        return measured

    def news(self) -> str:
        """One sentence, once, when threads have begun to sleep because the machine is busy."""
        short = self._waiting.short
        if self._told or not (self._waiting.asleep and short):
            return ""
        self._told = True
        return (
            f"Other programs keep {short:.1f} of the processors busy that training needs: threads "
            f"sleep while they wait for one another ({POLICY}=active lets them spin)."
        )


def in_words(seconds: float) -> str:
    """A duration to two digits: `50 seconds`, `12 minutes`, `3 h 20 min`, `2 days`."""
    if seconds < 100:
        return f"{seconds:.0f} seconds"
    minutes = seconds / 60
    if minutes < 100:
        return f"{minutes:.0f} minutes"
    hours, rest = divmod(round(minutes / 10) * 10, 60)
    return f"{hours} h {rest} min" if hours < 48 else f"{hours / 24:.0f} days"
