"""Data or samples that sit in a part of the range they should fill."""

from __future__ import annotations

from torch import Tensor

from genzoo.doctor.check import Check
from genzoo.doctor.evidence import Evidence
from genzoo.doctor.finding import Finding
from genzoo.doctor.remedies import lower_rate

NARROW = 0.55
"""Share of the range, from the least value of the data to the greatest, that is suspicious."""

AT_END = 0.005
"""How near to an end of the range a value is stuck to it: about one grey level."""

SATURATED = 0.5
"""By how much the share of values at an end may exceed that of the data."""


def narrow_data(evidence: Evidence) -> Finding | None:
    """The data leave about half of the range unused, as values in [0, 1] do in [-1, 1]."""
    assert evidence.real is not None
    if evidence.named_values:
        return None
    low, high = float(evidence.real.min()), float(evidence.real.max())
    if high - low > NARROW:
        return None
    return Finding(
        "narrow-data",
        "warning",
        f"The data use only {low:.0%} to {high:.0%} of the range of values that samples have.",
        "Check how the data were made: their range may be another than their kind expects.",
    )


def saturated_samples(evidence: Evidence) -> Finding | None:
    """Far more values of samples than of the data lie at an end of the range.

    An output nonlinearity that is driven there has no gradient (Glorot and Bengio 2010).
    """
    assert evidence.samples is not None
    assert evidence.real is not None
    if not evidence.is_trained:
        return None
    made, real = _at_ends(evidence.samples), _at_ends(evidence.real)
    if made - real < SATURATED:
        return None
    return Finding(
        "saturated-samples",
        "problem",
        f"{made:.0%} of the values of samples are stuck at an end of the range, in the data "
        f"{real:.0%} are.",
        lower_rate(evidence),
    )


def _at_ends(rows: Tensor) -> float:
    return float(((rows <= AT_END) | (rows >= 1 - AT_END)).float().mean())


CHECKS = (
    Check("narrow-data", ("real",), narrow_data),
    Check("saturated-samples", ("samples", "real"), saturated_samples),
)
