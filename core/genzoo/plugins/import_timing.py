"""Where the time goes while a plugin is imported."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

_LINE = re.compile(r"^import time:\s*(\d+) \|\s*\d+ \|\s*([\w.]+)$", re.MULTILINE)
TIMEOUT = 120.0


@dataclass(frozen=True)
class ImportTime:
    """What importing a module took in a fresh process.

    Attributes:
        slowest: The top-level package that took longest by itself.
        seconds: How long that took.
        imports_torch: Whether torch is among what was imported.
    """

    slowest: str
    seconds: float
    imports_torch: bool


def time_import(module: str) -> ImportTime | None:
    """Import `module` in a process of its own; None where that tells nothing."""
    command = [sys.executable, "-P", "-X", "importtime", "-c", f"import {module}"]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    microseconds: Counter[str] = Counter()
    for own, name in _LINE.findall(result.stderr):
        microseconds[name.partition(".")[0]] += int(own)
    if not microseconds:
        return None
    ((slowest, count),) = microseconds.most_common(1)
    return ImportTime(slowest, count / 1e6, "torch" in microseconds)
