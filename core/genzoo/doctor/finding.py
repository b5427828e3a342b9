"""What the doctor says. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["note", "warning", "problem"]

SEVERITIES: tuple[Severity, ...] = ("note", "warning", "problem")
"""From the least to the worst."""


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a run.

    Attributes:
        name: Which check found it, e.g. `mode-collapse`.
        severity: `problem`: the run will not become good as it is. `warning`: it may. `note`: worth
            knowing.
        message: One sentence: what is wrong, with the figure.
        remedy: One sentence: what to do or type.
    """

    name: str
    severity: Severity
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.severity.capitalize()} ({self.name}): {self.message} {self.remedy}"
