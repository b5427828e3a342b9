"""What a run waits for: its data, or processors that other programs keep busy."""

from __future__ import annotations

from statistics import median

from genzoo.doctor.check import Check
from genzoo.doctor.evidence import Evidence
from genzoo.doctor.finding import Finding
from genzoo.system.thread_waiting import CROWDED

DATA_SHARE = "data_share"
"""Name in the log of the share of time that training waited for data."""

STARVED = 0.25
"""Share of the time that is worth doing something about."""

SHORT = "processors_short"
"""Name in the log of how many of the processors that training needs other programs kept busy."""

SPINNING = "threads_spin"
"""Name in the log of whether threads that wait for one another spin for long."""


def starved(evidence: Evidence) -> Finding | None:
    """Training waits for its data a good part of the time."""
    recent = evidence.history.recent(DATA_SHARE)
    if not evidence.history.is_telling or not recent or median(recent) < STARVED:
        return None
    return Finding(
        "starved",
        "warning",
        f"Training waits for its data {median(recent):.0%} of the time.",
        "Start again without --stream, so that the data are decoded once."
        if "stream" in evidence.in_force
        else "Put the data and genzoo's cache (GENZOO_CACHE) on a faster disk, or free some "
        "memory.",
    )


def crowded(evidence: Evidence) -> Finding | None:
    """Other programs keep the processors busy."""
    short = evidence.history.recent(SHORT)
    if not evidence.history.is_telling or not short or median(short) < CROWDED:
        return None
    busy = f"Other programs keep {median(short):.1f} of the processors busy that training needs"
    if median(evidence.history.recent(SPINNING) or [0.0]) < 1.0:
        return Finding(
            "crowded",
            "note",
            f"{busy}.",
            "Nothing is wrong with the run; end them, or give it time.",
        )
    return Finding(
        "crowded",
        "warning",
        f"{busy}, and its threads spin while they wait for one another.",
        "Stop it, and resume without OMP_WAIT_POLICY, GOMP_SPINCOUNT and GENZOO_WAIT_POLICY.",
    )


CHECKS = (Check("starved", ("history",), starved), Check("crowded", ("history",), crowded))
