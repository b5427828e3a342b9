"""How fast a run goes, and what keeps it from going faster."""

from __future__ import annotations

import time

from genzoo.data.dataset import Dataset
from genzoo.processors import OtherPrograms
from genzoo.waiting import POLICY, Waiting, shortage


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
