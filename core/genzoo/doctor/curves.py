"""Curves of what was evaluated while a run trained, for people to read. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from genzoo.doctor.history import History

EVALUATION = "evaluation/"
"""Beginning of the names that evaluations have in the log."""

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 40
"""Bars of a curve at most."""

Course = Sequence[tuple[int, float]]
"""Steps and values, in order."""


def evaluations(history: History) -> Mapping[str, Course]:
    """What was evaluated, by its name: steps and values."""
    names = [name for name in history.names if name.startswith(EVALUATION)]
    return {
        name.removeprefix(EVALUATION): [
            (int(line["step"]), line[name]) for line in history.lines if name in line
        ]
        for name in names
    }


def drawn(course: Course) -> str:
    """A curve in one line: bars from least to greatest, its ends and both extremes."""
    values = [value for _, value in course]
    low, high = min(values), max(values)
    bars = "".join(_bar(values[index], low, high) for index in _spread(len(values)))
    least, most = (next(step for step, value in course if value == end) for end in (low, high))
    return (
        f"{bars}  {values[0]:.4g} to {values[-1]:.4g}; least {low:.4g} at step {least:,}, "
        f"greatest {high:.4g} at {most:,}"
    )


def _spread(count: int) -> Sequence[int]:
    """At most `WIDTH` places in a list, the first and the last among them."""
    if count <= WIDTH:
        return range(count)
    return [round(number * (count - 1) / (WIDTH - 1)) for number in range(WIDTH)]


def _bar(value: float, low: float, high: float) -> str:
    share = (value - low) / (high - low) if high > low else 0.0
    return BARS[min(int(share * len(BARS)), len(BARS) - 1)]
