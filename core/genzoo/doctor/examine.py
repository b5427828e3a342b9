"""Asks all questions of what is known of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from genzoo.doctor.checks import discriminators, latents, loading, losses, ranges
from genzoo.doctor.checks import far_from_data as likeness
from genzoo.doctor.checks import mode_collapse as samples
from genzoo.doctor.evidence import Evidence
from genzoo.doctor.finding import SEVERITIES, Finding

CHECKS = (
    *losses.CHECKS,
    *discriminators.CHECKS,
    *latents.CHECKS,
    *samples.CHECKS,
    *ranges.CHECKS,
    *likeness.CHECKS,
    *loading.CHECKS,
)
"""Every check, in the order in which they are told of findings of one severity."""


@dataclass(frozen=True)
class Examination:
    """What the doctor found at one step.

    Attributes:
        step: Training steps complete.
        findings: The worst first.
        unexamined: Why a check could not be made, by its name.
    """

    step: int
    findings: tuple[Finding, ...]
    unexamined: Mapping[str, str]


def examine(evidence: Evidence) -> Examination:
    """Make every check that there is evidence for."""
    findings: dict[str, Finding] = {}
    unexamined: dict[str, str] = {}
    for check in CHECKS:
        if reason := evidence.lacks(check.needs):
            unexamined[check.name] = reason
        elif finding := check.find(evidence):
            findings[check.name] = finding
    told = [
        findings[check.name]
        for check in CHECKS
        if check.name in findings and not findings.keys() & set(check.follows_from)
    ]
    told.sort(key=lambda finding: -SEVERITIES.index(finding.severity))
    return Examination(evidence.step, tuple(told), unexamined)
