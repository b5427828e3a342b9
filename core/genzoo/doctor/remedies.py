"""What to do, where what is usual may have been done already. Imports no torch."""

from __future__ import annotations

from genzoo.doctor.evidence import Evidence


def lower_rate(evidence: Evidence, otherwise: str = "another --objective") -> str:
    """Start again with a lower learning rate; with `otherwise` where it has been lowered."""
    remedy = otherwise if "lower-rate" in evidence.in_force else "a lower --learning-rate"
    return f"Start again with {remedy}."


def lower_rate_or_objective(evidence: Evidence) -> str:
    """Start again with a lower learning rate, unless it has been lowered, or another objective."""
    lower = "" if "lower-rate" in evidence.in_force else "a lower --learning-rate or "
    return f"Start again with {lower}another --objective."
