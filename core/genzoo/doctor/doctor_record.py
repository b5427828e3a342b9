"""`doctor.json`: what was found in a run, and when. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Self

from pydantic import Field

from genzoo.doctor.finding import Finding, Severity
from genzoo.specs import Config
from genzoo.system.atomic_files import atomic_write
from genzoo.system.plain_files import read_plain
from genzoo.system.strict_json import parse_json

EARLIER = 0.8
"""Share of the steps so far up to which a look is one before: growth takes time."""


class RecordedFinding(Config):
    """A finding with the steps at which it was first and last seen."""

    name: str
    severity: Severity
    message: str
    remedy: str
    first_step: int = Field(ge=0)
    last_step: int = Field(ge=0)

    @property
    def finding(self) -> Finding:
        """It without the steps."""
        return Finding(self.name, self.severity, self.message, self.remedy)


class DoctorRecord(Config):
    """The content of `doctor.json`.

    Attributes:
        step: Step of the last examination.
        diversity: How diverse samples were, as a share of the data, by the step of the look.
        distance: The energy distance of samples to the data, likewise.
        losses: Names of logged values that are minimised, by the parts that minimise them.
        findings: Each once, in the order in which they were first seen.
    """

    format_version: int = Field(1, ge=1, le=1)
    step: int = Field(0, ge=0)
    diversity: dict[int, float] = Field(default_factory=dict)
    distance: dict[int, float] = Field(default_factory=dict)
    losses: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    findings: tuple[RecordedFinding, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """The record in that file; an empty one where there is none, or none that can be read."""
        try:
            return cls.model_validate(parse_json(read_plain(path)))
        except (OSError, ValueError):
            return cls()

    def write(self, path: Path) -> None:
        """Write it to that file.

        Raises:
            StorageError: It cannot be written; what was there is untouched.
        """
        with atomic_write(path) as temporary:
            temporary.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    def current(self, finding: RecordedFinding) -> bool:
        """Whether it was still so at the last examination."""
        return finding.last_step == self.step

    def rewound(self, step: int) -> DoctorRecord:
        """The record as a run knows it that goes on from `step`."""
        kept = tuple(
            found.model_copy(update={"last_step": min(found.last_step, step)})
            for found in self.findings
            if found.first_step <= step
        )
        diversity = {at: value for at, value in self.diversity.items() if at <= step}
        distance = {at: value for at, value in self.distance.items() if at <= step}
        return self.model_copy(
            update={
                "step": min(self.step, step),
                "findings": kept,
                "diversity": diversity,
                "distance": distance,
            }
        )

    def diversity_before(self, step: int) -> float | None:
        """How diverse samples were when a fifth of the steps was to come; None if nobody looked."""
        looks = [at for at in self.diversity if _is_before(at, step)]
        return self.diversity[max(looks)] if looks else None

    def least_distance(self, step: int) -> float | None:
        """How near samples were to the data at best until then; None if nobody looked."""
        looks = [value for at, value in self.distance.items() if _is_before(at, step)]
        return min(looks, default=None)

    def measured(self, step: int, diversity: float, distance: float) -> DoctorRecord:
        """The record with both figures of that step, as far as they are finite, as JSON is."""
        changes = {}
        if math.isfinite(diversity):
            changes["diversity"] = {**self.diversity, step: diversity}
        if math.isfinite(distance):
            changes["distance"] = {**self.distance, step: distance}
        return self.model_copy(update=changes)

    def updated(
        self, step: int, found: Iterable[Finding], unexamined: Collection[str] = ()
    ) -> DoctorRecord:
        """The record after an examination.

        Args:
            step: When.
            found: All that was found.
            unexamined: What could not be looked at: it stays as it was.
        """
        by_name = {finding.name: finding for finding in found}
        kept = [
            _seen(
                old, by_name.pop(old.name, None), step, self.current(old) and old.name in unexamined
            )
            for old in self.findings
        ]
        new = [
            RecordedFinding(
                name=finding.name,
                severity=finding.severity,
                message=finding.message,
                remedy=finding.remedy,
                first_step=step,
                last_step=step,
            )
            for finding in by_name.values()
        ]
        return self.model_copy(update={"step": step, "findings": (*kept, *new)})


def _is_before(look: int, step: int) -> bool:
    return look < step and look <= EARLIER * step


def _seen(
    old: RecordedFinding, now: Finding | None, step: int, unexamined: bool
) -> RecordedFinding:
    if now is None:
        return old.model_copy(update={"last_step": step}) if unexamined else old
    changes = {"severity": now.severity, "message": now.message, "remedy": now.remedy}
    return old.model_copy(update={**changes, "last_step": step})
