"""A discriminator that is too strong for its generator, or that knows the data by heart."""

from __future__ import annotations

from statistics import fmean

from genzoo.doctor.check import Check
from genzoo.doctor.evidence import Evidence
from genzoo.doctor.finding import Finding
from genzoo.interfaces.vital_signs import Separation

APART = 0.95
"""Share of pairs told apart above which a discriminator is hardly ever wrong."""

SURE = 0.02
"""Nats that a discriminator loses when it is so sure that nothing is left for the generator."""

FEW_SAMPLES = 5000
"""Data so small that a discriminator can learn them by heart (Karras et al. 2020, figure 1)."""

MANY_TIMES = 200.0
"""How often each sample must have been seen for that."""


def overpowered(evidence: Evidence) -> Finding | None:
    """The discriminator is never wrong and never in doubt, for a quarter of the run.

    Where the two distributions can be told apart perfectly, the generator's gradients vanish or
    are noise (Arjovsky and Bottou 2017, theorems 2.4 and 2.6). That it is hardly ever wrong is no
    fault by itself: with batch statistics of its own for real and for made samples it always is.
    """
    for sign, share in _separations(evidence):
        losses = [evidence.history.recent(name) for name in sign.losses]
        if share < APART or not losses or not all(losses):
            continue
        lost = sum(fmean(values) for values in losses)
        if lost < SURE:
            return Finding(
                "discriminator-overpowered",
                "problem",
                f"The discriminator tells {share:.1%} of real samples from made ones and is sure "
                f"of it (its loss is {lost:.2g}), so the generator learns nothing.",
                sign.weaken,
            )
    return None


def overfitted(evidence: Evidence) -> Finding | None:
    """The real sample gets the higher output in most pairs, after many passes over few data.

    Without held-out data the signal is that of Karras et al. 2020 (section 3.1): outputs for
    training samples drift away from those for made ones as the discriminator learns them by heart.
    """
    times = _times_seen(evidence)
    if evidence.data_count >= FEW_SAMPLES or times < MANY_TIMES:
        return None
    for sign, share in _separations(evidence):
        if share >= APART:
            return Finding(
                "discriminator-overfitted",
                "warning",
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


def _times_seen(evidence: Evidence) -> float:
    seen = evidence.history.values("samples")
    return seen[-1] / max(1, evidence.data_count) if seen else 0.0


CHECKS = (
    Check("discriminator-overpowered", ("history",), overpowered),
    Check("discriminator-overfitted", ("history",), overfitted),
)
