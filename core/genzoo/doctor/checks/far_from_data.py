"""Samples that lie elsewhere than the data."""

from __future__ import annotations

from genzoo.doctor.check import Check
from genzoo.doctor.checks.mode_collapse import ALIKE, diversity
from genzoo.doctor.distances import energy_distance
from genzoo.doctor.evidence import Evidence
from genzoo.doctor.finding import Finding, Severity
from genzoo.doctor.remedies import lower_rate

FAR = 0.3
"""Energy distance to the data, as a share of the usual distance in them, that is too much."""

NEARING = 0.9
"""Share of the least distance until a fifth of the steps ago below which there is hope yet."""

NOTICEABLE = 0.1
"""Distance from which on it matters that samples were nearer before."""

DRIFT = 5.0
"""How many times as far as at best samples are when they have drifted away."""


def distant_samples(evidence: Evidence) -> Finding | None:
    """Samples differ from one another as the data do, but lie elsewhere.

    So it is where a learning rate is too high for a GAN to die of: its losses swing, its samples
    drift from one wrong colour to the next, and none of them vanishes, explodes or collapses.
    """
    assert evidence.samples is not None
    assert evidence.real is not None
    alike = diversity(evidence.samples, evidence.real) < ALIKE
    if alike or not evidence.is_trained:
        return None
    now, least = energy_distance(evidence.samples, evidence.real), evidence.least_distance
    if now >= FAR and (least is None or now >= NEARING * least):
        return _finding("problem", now, "come no nearer", evidence)
    if now >= NOTICEABLE and least is not None and now >= DRIFT * least:
        return _finding("warning", now, f"have been as near as {max(0.0, least):.2f}", evidence)
    return None


def _finding(severity: Severity, distance: float, course: str, evidence: Evidence) -> Finding:
    return Finding(
        "distant-samples",
        severity,
        f"Samples lie at an energy distance of {distance:.2f} from the data and {course}.",
        lower_rate(evidence, "more --steps or another --objective"),
    )


CHECKS = (
    Check(
        "distant-samples",
        ("samples", "real"),
        distant_samples,
        follows_from=("stalled", "posterior-collapse", "saturated-samples"),
    ),
)
