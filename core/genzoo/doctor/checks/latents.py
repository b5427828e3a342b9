"""Latents that carry nothing: a collapsed posterior, or codes that nobody uses."""

from __future__ import annotations

from statistics import fmean

from genzoo.doctor.check import Check
from genzoo.doctor.evidence import Evidence
from genzoo.doctor.finding import Finding
from genzoo.interfaces.vital_signs import CodeUse, LatentUse

FEW_UNITS = 0.02
"""Share of active units at or below which the posterior has collapsed; one unit always counts."""

FEW_CODES = 0.1
"""Share of codes in use below which the codebook is mostly dead."""


def collapsed_posterior(evidence: Evidence) -> Finding | None:
    """Hardly any unit of the latent is active (Burda et al. 2016, section 5.2)."""
    for sign in evidence.signs:
        if not isinstance(sign, LatentUse) or not evidence.history.is_telling:
            continue
        recent = evidence.history.recent(sign.logged)
        if recent and fmean(recent) < max(1.0, FEW_UNITS * sign.total):
            return Finding(
                "posterior-collapse",
                "problem",
                f"Only {fmean(recent):.1f} of {sign.total} units of the latent carry "
                "anything of the data: the posterior has collapsed to the prior.",
                sign.remedy,
            )
    return None


def dead_codes(evidence: Evidence) -> Finding | None:
    """Few codes of a codebook are used (van den Oord et al. 2017; Dhariwal et al. 2020)."""
    for sign in evidence.signs:
        if not isinstance(sign, CodeUse) or not evidence.history.is_telling:
            continue
        recent = evidence.history.recent(sign.logged)
        if recent and fmean(recent) < FEW_CODES * sign.total:
            return Finding(
                "dead-codes",
                "problem",
                f"Only about {fmean(recent):.0f} of {sign.total} codes are in use: the others are "
                "dead.",
                sign.remedy,
            )
    return None


CHECKS = (
    Check("posterior-collapse", ("history",), collapsed_posterior),
    Check("dead-codes", ("history",), dead_codes),
)
