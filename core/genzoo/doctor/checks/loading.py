"""Data that come too slowly for the processor."""

from __future__ import annotations

from statistics import median

from genzoo.doctor.check import Check
from genzoo.doctor.evidence import Evidence
from genzoo.doctor.finding import Finding

DATA_SHARE = "data_share"
"""Name in the log of the share of time that training waited for data."""

STARVED = 0.25
"""Share of the time that is worth doing something about."""


def starved(evidence: Evidence) -> Finding | None:
    """Training waits for its data a good part of the time."""
    recent = evidence.history.recent(DATA_SHARE)
    if not evidence.history.is_telling or not recent or median(recent) < STARVED:
        return None
    return Finding(
        "starved",
        "warning",
        f"Training waits for its data {median(recent):.0%} of the time.",
        "Put the data and genzoo's cache (GENZOO_CACHE) on a faster disk, or free some memory.",
    )


CHECKS = (Check("starved", ("history",), starved),)
