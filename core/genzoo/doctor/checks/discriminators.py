"""A discriminator that is too strong for its generator, or that knows the data by heart."""

from __future__ import annotations

from statistics import fmean

from genzoo.doctor.check import Check
from genzoo.doctor.evidence import Evidence
from genzoo.doctor.finding import Finding
from genzoo.interfaces.vital_signs import Separation

OVERPOWERED = 0.995
"""Pairs told apart, on average, above which the generator has nothing to go by."""

OVERFITTED = 0.95
"""Pairs told apart above which a discriminator that saw all samples many times knows them."""

MANY_TIMES = 50.0
"""How often each sample must have been seen for that."""


def overpowered(evidence: Evidence) -> Finding | None:
    """The real sample gets the higher output in nearly every pair, for a quarter of the run.

    Where the two distributions can be told apart perfectly, the generator's gradients vanish or
    are noise (Arjovsky and Bottou 2017, theorems 2.4 and 2.6).
    """
    for sign, share in _separations(evidence):
        if share >= OVERPOWERED and not _seen_often(evidence):
            return Finding(
                "discriminator-overpowered",
                "problem",
                f"The discriminator tells {share:.1%} of real samples from made ones: it is so "
                "strong that the generator learns nothing from it.",
                sign.weaken,
            )
    return None


def overfitted(evidence: Evidence) -> Finding | None:
    """The real sample gets the higher output in most pairs, after many passes over the data.

    Without held-out data the signal is that of Karras et al. 2020 (section 3.1): outputs for
    training samples drift away from those for made ones as the discriminator learns them by heart.
    """
    for sign, share in _separations(evidence):
        if share >= OVERFITTED and _seen_often(evidence):
            times = _times_seen(evidence)
            return Finding(
                "discriminator-overfitted",
                "problem" if share >= OVERPOWERED else "warning",
                f"The discriminator tells {share:.1%} of real samples from made ones after seeing "
                f"each of the {evidence.data_count:,} samples {times:,.0f} times: it knows them "
                "by heart.",
                sign.regularise,
            )
    return None


def _separations(evidence: Evidence) -> list[tuple[Separation, float]]:
    """Each sign with its mean of late, as far as there is enough to judge by."""
    if not evidence.history.is_telling:
        return []
    recent = [
        (sign, evidence.history.recent(sign.logged))
        for sign in evidence.signs
        if isinstance(sign, Separation)
    ]
    return [(sign, fmean(values)) for sign, values in recent if values]


def _seen_often(evidence: Evidence) -> bool:
    return _times_seen(evidence) >= MANY_TIMES


def _times_seen(evidence: Evidence) -> float:
    seen = evidence.history.values("samples")
    return seen[-1] / max(1, evidence.data_count) if seen else 0.0


CHECKS = (
    Check("discriminator-overpowered", ("history",), overpowered),
    Check("discriminator-overfitted", ("history",), overfitted),
)
