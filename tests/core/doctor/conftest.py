"""Evidence made up for the doctor, and a way to ask it one question."""

from __future__ import annotations

import pytest
import torch

from genzoo.doctor.evidence import Evidence
from genzoo.doctor.examine import examine
from genzoo.doctor.history import History


def history(steps=1000, every=10, **curves):
    """Log lines; each curve is a function of the share of the run that is over, or a constant."""
    lines = []
    for step in range(every, steps + 1, every):
        values = {"step": float(step), "samples": 32.0 * step}
        for name, curve in curves.items():
            value = curve(step / steps) if callable(curve) else curve
            values[name.replace("__", "/")] = float(value)
        lines.append(values)
    return History(tuple(lines))


@pytest.fixture
def make_history():
    return history


@pytest.fixture
def found():
    """The finding of that name in evidence made of keyword arguments, or None."""

    def find(name, **facts):
        evidence = Evidence(**({"step": 1000, "losses": {}} | facts))
        findings = {finding.name: finding for finding in examine(evidence).findings}
        return findings.get(name)

    return find


@pytest.fixture
def noise():
    """Rows (n, 48) of uniform noise."""

    def draw(count, seed=0):
        return torch.rand(count, 48, generator=torch.Generator().manual_seed(seed))

    return draw
