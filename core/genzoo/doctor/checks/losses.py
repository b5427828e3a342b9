"""Losses that explode or vanish."""

from __future__ import annotations

from itertools import chain
from statistics import median

from genzoo.doctor.check import Check
from genzoo.doctor.evidence import Evidence
from genzoo.doctor.finding import Finding
from genzoo.doctor.remedies import lower_rate, lower_rate_or_objective

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
    for name in chain.from_iterable(evidence.losses.values()):
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
                lower_rate(evidence),
            )
    return None


def vanishing(evidence: Evidence) -> Finding | None:
    """All that some parts minimise stays at zero, so that they have nothing to learn from.

    A regulariser in a phase of its own may vanish: it is one of several losses of its parts.
    """
    history = evidence.history
    assert evidence.losses is not None
    if not history.is_telling:
        return None
    for parts, names in evidence.losses.items():
        sizes = [abs(value) for name in names for value in history.recent(name)]
        if sizes and max(sizes) < NOTHING:
            return Finding(
                "vanishing-loss",
                "problem",
                f"The losses of the {parts} have stayed below {NOTHING:g}: there is nothing left "
                "to learn from.",
                lower_rate_or_objective(evidence),
            )
    return None


def _size(values: list[float]) -> float:
    return median(abs(value) for value in values)


CHECKS = (
    Check("exploding-loss", ("history", "losses"), exploding),
    Check("vanishing-loss", ("history", "losses"), vanishing),
)
