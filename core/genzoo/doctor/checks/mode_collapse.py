"""Samples that are all alike or copies of the data, and models that no longer learn."""

from __future__ import annotations

import torch
from torch import Tensor

from genzoo.doctor.check import Check
from genzoo.doctor.distances import (
    mean_distance,
    nearest_others,
    nearest_shares,
    repeats_by_chance,
)
from genzoo.doctor.evidence import Evidence
from genzoo.doctor.finding import Finding
from genzoo.doctor.remedies import lower_rate_or_objective

ALIKE = 0.3
"""Distance between samples, as a share of that between as many of the data, that is a collapse."""

GROWING = 1.1
"""Growth of diversity over a fifth of the steps at which there is hope yet."""

STILL = 1e-4
"""Change of the weights over a hundred steps or more, as a share of their size, that is none."""

COPY = 0.5
"""Distance to the nearest of the data, as a share of that to the next, below which it is copied."""

SAME = 1e-3
"""Root mean square, as a share of the range, below which two samples of the data are one."""

MANY_COPIES = 0.1
"""By how much the share of copies may exceed that among the data."""


def collapsed_modes(evidence: Evidence) -> Finding | None:
    """Samples are far less diverse than the data, and no longer become more so."""
    assert evidence.samples is not None
    assert evidence.real is not None
    now, before = diversity(evidence.samples, evidence.real), evidence.diversity_before
    growing = before is not None and now > GROWING * before
    if not evidence.is_trained or now >= ALIKE or growing:
        return None
    return Finding(
        "mode-collapse",
        "problem",
        f"Samples differ {now:.0%} as much as the data do: the model makes few different ones.",
        f"If it stays so, {_lowercase(lower_rate_or_objective(evidence))}",
    )


def diversity(samples: Tensor, real: Tensor) -> float:
    """How much samples (n, D) differ, as a share of how much as many of the data (m, D) do.

    The smaller of two shares: of the mean distance, which is small where all samples are alike, and
    of the median one to the nearest other sample, which is small where they are a few kinds (the
    birthday paradox test of Arora and Zhang 2017).
    """
    count = min(len(samples), len(real))
    if count < 2:
        return 1.0
    made, real = samples[:count], real[:count]
    spread = _ratio(mean_distance(made), mean_distance(real))
    variety = _ratio(float(nearest_others(made).median()), float(nearest_others(real).median()))
    return min(spread, variety)


def stalled(evidence: Evidence) -> Finding | None:
    """The weights that make samples stay where they are while the run goes on."""
    assert evidence.moved is not None
    if evidence.moved >= STILL:
        return None
    return Finding(
        "stalled",
        "problem",
        f"What makes samples learns nothing: its weights have changed by {evidence.moved:.1g} of "
        "their size since the last look.",
        "Start again with another --objective."
        if "higher-rate" in evidence.in_force
        else "Start again with a higher --learning-rate, or another --objective.",
    )


def copies(evidence: Evidence) -> Finding | None:
    """Samples lie at single samples of the data, as new samples of the data do not.

    What is compared is the nearest of the data with the next, as in Yoon et al. 2023, which blurred
    samples and samples of clusters do not confuse. Data may have such pairs among themselves: each
    of them, left out of the others, stands for what a new sample would be (Meehan et al. 2020).
    Duplicates count as one. Of items as short as names it can tell nothing.
    """
    assert evidence.samples is not None
    assert evidence.real is not None
    assert evidence.data is not None
    if not evidence.is_trained or repeats_by_chance(evidence.real):
        return None
    made, real = evidence.samples, evidence.real
    own = torch.arange(len(made) + len(real)) >= len(made)
    apart = SAME * real.shape[1] ** 0.5
    near = nearest_shares(torch.cat([made, real]), evidence.data, own, apart) < COPY
    share, expected = float(near[~own].float().mean()), float(near[own].float().mean())
    if share - expected < MANY_COPIES:
        return None
    return Finding(
        "memorisation",
        "problem",
        f"{share:.0%} of samples repeat single samples of the data: they are less than half as far "
        "from those as from any other.",
        "Use more data, or stop after fewer --steps.",
    )


def _lowercase(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _ratio(made: float, real: float) -> float:
    return made / real if real > 0 else 1.0


CHECKS = (
    Check("stalled", ("moved",), stalled),
    Check(
        "mode-collapse",
        ("samples", "real"),
        collapsed_modes,
        follows_from=("stalled", "posterior-collapse"),
    ),
    Check("memorisation", ("samples", "real", "data"), copies),
)
