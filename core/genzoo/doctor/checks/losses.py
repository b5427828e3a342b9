"""Losses that explode or vanish."""

from __future__ import annotations

from itertools import groupby
from statistics import median

from genzoo.doctor.check import Check
from genzoo.doctor.evidence import Evidence
from genzoo.doctor.finding import Finding

GROWTH = 100.0
"""How many times as large as ever in the first half a loss is when it explodes."""

LEAST_LOSS = 1.0
"""Growth below this is none: small losses may grow a hundredfold in health, in nats."""

NOTHING = 1e-3
"""A loss is gone when it stays below this."""


def exploding(evidence: Evidence) -> Finding | None:
    """A loss has grown a hundredfold over its largest value in the first half of the run."""
    history = evidence.history
    assert evidence.losses is not None
    if not history.is_telling:
        return None
    for name in evidence.losses:
        recent, earlier = history.recent(name), history.earlier(name)
        if not recent or not earlier:
            continue
        now, before = _size(recent), max(LEAST_LOSS, *(abs(value) for value in earlier))
        if now >= GROWTH * before:
            return Finding(
                "exploding-loss",
                "problem",
                f"The loss {name} explodes: it is at {now:.3g} and was {before:.3g} at most in "
                "the first half of the run.",
                "Start again with a lower --learning-rate.",
            )
    return None


def vanishing(evidence: Evidence) -> Finding | None:
    """All that a phase minimises stays at zero, so that it has no gradient to learn from."""
    history = evidence.history
    assert evidence.losses is not None
    if not history.is_telling:
        return None
    for phase, names in groupby(sorted(evidence.losses), key=lambda name: name.partition("/")[0]):
        sizes = [abs(value) for name in names for value in history.recent(name)]
        if sizes and max(sizes) < NOTHING:
            return Finding(
                "vanishing-loss",
                "problem",
                f"The losses of {phase} have stayed below {NOTHING:g}: there is nothing left to "
                "learn from.",
                "Start again with a lower --learning-rate, or with another --objective.",
            )
    return None


def _size(values: list[float]) -> float:
    return median(abs(value) for value in values)


CHECKS = (
    Check("exploding-loss", ("history", "losses"), exploding),
    Check("vanishing-loss", ("history", "losses"), vanishing),
)
