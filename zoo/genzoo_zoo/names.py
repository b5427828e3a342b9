"""English first names: 8,422, no two alike. data/README.md says whose they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from genzoo import RawSamples

NAMES = Path(__file__).parent / "data" / "names.txt"
EVERY, FIRST = 10, 7
"""Of the names in order every tenth is held out, beginning with the eighth."""


def load() -> RawSamples:
    """The names to train on, (7580,) strings."""
    return RawSamples(np.array([name for name, held_out in _names() if not held_out]))


def load_held_out() -> RawSamples:
    """The names that are held out, (842,) strings."""
    return RawSamples(np.array([name for name, held_out in _names() if held_out]))


def _names() -> list[tuple[str, bool]]:
    lines = NAMES.read_text("utf-8").split()
    return [(name, number % EVERY == FIRST) for number, name in enumerate(lines)]
