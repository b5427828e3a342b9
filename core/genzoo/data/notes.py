"""Sentences about what was done to the data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

SHOWN = 5
"""Names given in full before 'and N more'."""


def listing(one: str, many: str, names: Sequence[str]) -> str:
    """`one`, or `many` with the number filled in, and the first few of `names`."""
    start = one if len(names) == 1 else many.format(len(names))
    shown = ", ".join(printable(name) for name in names[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{start}: {shown}{more}."


def with_reasons(failures: Mapping[str, str]) -> list[str]:
    """'name (reason)' for each failure."""
    return [f"{name} ({reason})" for name, reason in failures.items()]


def images(count: int) -> str:
    """'1 image' or 'N images'."""
    return "1 image" if count == 1 else f"{count} images"


def printable(name: str) -> str:
    """`name` with bytes that are no UTF-8 replaced."""
    return os.fsencode(name).decode("utf-8", "replace")
