"""Times two programs turn by turn, so that a drift of the machine's speed meets both alike.

Each side is a process of its own (allocator settings and thread pools are per process) that runs
a fixed amount of work whenever it is told to.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


def serve(turn: Callable[[], None]) -> None:
    """Worker side: announce readiness, then time `turn` for each line that arrives."""
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        turn()
        print(time.perf_counter() - start, flush=True)


class Worker:
    """Driver side of one process.

    Args:
        script: What it runs.
        arguments: Of the script.
        python: The interpreter.

    Attributes:
        announced: Lines that it printed before it was ready.
    """

    def __init__(self, script: Path, *arguments: str, python: str = sys.executable) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 open as long as the process
        self._process = subprocess.Popen(
            [python, str(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.announced = list(iter(self._line, "ready"))

    def turn(self) -> float:
        """Seconds that one turn took."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            said = self._errors.read()
            self.close()
            raise RuntimeError(f"a worker ended early:\n{said}")
        return line.strip()


@dataclass(frozen=True)
class Comparison:
    """Seconds per turn of both sides, turn by turn."""

    first: list[float]
    second: list[float]

    @property
    def ratios(self) -> list[float]:
        """How many times as long the first took as the second, per pair of turns."""
        return [a / b for a, b in zip(self.first, self.second, strict=True)]

    def describe(self) -> str:
        """Median ratio with quartiles."""
        low, middle, high = statistics.quantiles(self.ratios, n=4)
        return f"{middle:.2f} [{low:.2f} to {high:.2f}]"


def compare(first: Worker, second: Worker, rounds: int) -> Comparison:
    """Take turns: one uncounted round, then `rounds` counted ones, the order alternating."""
    first.turn()
    second.turn()
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        pairs = [(first, times[0]), (second, times[1])]
        for worker, record in pairs if number % 2 == 0 else reversed(pairs):
            record.append(worker.turn())
    return Comparison(*times)
