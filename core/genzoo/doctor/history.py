"""The values that a run has logged, as curves over its steps. Imports no torch."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genzoo.system.plain_files import open_plain

LEAST_STEPS = 200
"""Steps that a run must have taken before its curves are judged: all runs begin strangely."""

LEAST_LINES = 10
"""Log lines that a judgement rests on at least."""

TAIL_BYTES = 1 << 18
"""What is read of a long log while training: about a thousand lines."""


@dataclass(frozen=True)
class History:
    """Log lines in the order of their steps.

    Attributes:
        lines: Values by name, of which `step` is one.
    """

    lines: tuple[Mapping[str, float], ...]

    @classmethod
    def read(cls, path: Path, tail: int | None = None) -> History:
        """Read `metrics.jsonl`; a line that was cut short is left out.

        Args:
            path: The file; without it the history is empty.
            tail: Bytes at its end to read; None for all.
        """
        try:
            with open_plain(path) as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - (tail or size)))
                text = file.read().decode("utf-8", errors="replace")
        except OSError:
            return cls(())
        parsed = (_numbers(line) for line in text.splitlines())
        return cls(tuple(line for line in parsed if "step" in line))

    @property
    def last_step(self) -> int:
        """Step of the last line; 0 without any."""
        return int(self.lines[-1]["step"]) if self.lines else 0

    @property
    def is_telling(self) -> bool:
        """Whether there is enough to judge by."""
        return len(self.lines) >= LEAST_LINES and self.last_step >= LEAST_STEPS

    @property
    def names(self) -> Sequence[str]:
        """Names of all values, `step` included."""
        return tuple(dict.fromkeys(name for line in self.lines for name in line))

    def values(self, name: str) -> list[float]:
        """All values of that name."""
        return [line[name] for line in self.lines if name in line]

    def recent(self, name: str) -> list[float]:
        """Values of that name in the last quarter of the lines, and in ten lines at least."""
        count = max(LEAST_LINES, len(self.lines) // 4)
        return [line[name] for line in self.lines[-count:] if name in line]

    def earlier(self, name: str) -> list[float]:
        """Values of that name in the first half of the lines."""
        return [line[name] for line in self.lines[: len(self.lines) // 2] if name in line]


def _numbers(line: str) -> dict[str, float]:
    try:
        values: Any = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {name: float(value) for name, value in values.items() if _is_finite(value)}


def _is_finite(value: object) -> bool:
    try:
        return isinstance(value, (int, float)) and math.isfinite(value)
    except OverflowError:
        return False
