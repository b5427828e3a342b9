"""How busy the processors are with other things than this process. Imports no torch."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

STATISTICS = Path("/proc/stat")
"""Where Linux counts what each processor spent its time on."""

BUSY = (0, 1, 2, 5, 6, 7)
"""Its columns: user, nice, system, interrupts, soft interrupts, and what the host stole."""


@dataclass(frozen=True)
class _Moment:
    time: float
    busy: float
    own: float


class OtherPrograms:
    """Measures how many of this process's processors something else keeps busy.

    That is every other process, also one that this one started, and the host of a virtual machine.
    Only Linux tells.
    """

    def __init__(self) -> None:
        self._since = _now()

    def read(self) -> float | None:
        """Processors kept busy on average since the last reading; None where that is not known."""
        before, now = self._since, _now()
        self._since = now
        if before is None or now is None:
            return None
        passed = max(now.time - before.time, 1e-9)
        # Linux counts the time of all in ticks and that of one process exactly: they may differ.
        return max(0.0, (now.busy - before.busy - now.own + before.own) / passed)


def usable_processors() -> frozenset[int]:
    """Numbers of the processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def _now() -> _Moment | None:
    try:
        lines = STATISTICS.read_text(encoding="ascii").splitlines()
        busy = busy_seconds(lines, usable_processors(), os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, AttributeError):
        return None
    return _Moment(time.perf_counter(), busy, time.process_time())


def busy_seconds(lines: list[str], processors: frozenset[int], ticks: int) -> float:
    """Seconds that processors were busy since the machine started.

    Args:
        lines: Of `/proc/stat`; those that begin with `cpu` and a number count.
        processors: The numbers.
        ticks: The file's units in a second.

    Raises:
        ValueError: A line is not what Linux writes, or has no such processor.
    """
    rows = {name: counts for name, *counts in (line.split() for line in lines if line)}
    try:
        return sum(int(rows[f"cpu{number}"][at]) for number in processors for at in BUSY) / ticks
    except LookupError as error:
        raise ValueError(f"no such count: {error}") from None
