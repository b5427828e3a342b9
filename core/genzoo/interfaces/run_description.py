"""What a run is, for those who only watch it. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class RunDescription:
    """A training run as event hooks and trackers see it.

    Attributes:
        folder: Where it writes.
        architecture: Full name.
        objective: Full name.
        data: What the data was called.
        first_step: Steps complete when it began; above 0 where it was resumed.
        total_steps: Steps planned.
        settings: All options by section: `architecture`, `objective`, `training`.
    """

    folder: Path
    architecture: str
    objective: str
    data: str
    first_step: int
    total_steps: int
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
