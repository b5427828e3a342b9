"""Sentences about what was done to the data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from genzoo.interfaces.kind import Kind

SHOWN = 5
"""Names given in full before 'and N more'."""


FEW_CLASSES = 8
"""Classes that are all named, each with its number of samples."""


def listing(one: str, many: str, names: Sequence[str]) -> str:
    """`one`, or `many` with the number filled in, and the first few of `names`."""
    start = one if len(names) == 1 else many.format(len(names))
    return f"{start}: {shortened(names)}."


def shortened(names: Sequence[str]) -> str:
    """The first few of `names` and how many more there are."""
    shown = ", ".join(printable(name) for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def class_counts(classes: Sequence[str], counts: Sequence[int], kind: Kind) -> str:
    """'Classes: cat (3), dog (1).'; of many the first few, and how many samples each has."""
    if len(classes) <= FEW_CLASSES:
        told = [f"{printable(name)} ({count})" for name, count in zip(classes, counts, strict=True)]
        return f"Classes: {', '.join(told)}."
    start = f"{len(classes)} classes of {_range(counts)} {kind.array} each"
    return listing(start, start, classes)


def _range(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def with_reasons(failures: Mapping[str, str]) -> list[str]:
    """'name (reason)' for each failure."""
    return [f"{name} ({reason})" for name, reason in failures.items()]


def counted(count: int, kind: Kind) -> str:
    """'1 image' or 'N images'."""
    return f"1 {kind.noun}" if count == 1 else f"{count} {kind.array}"


def with_article(noun: str) -> str:
    """'an image', 'a point'."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def endings(kind: Kind) -> str:
    """'.png, .jpg or .webp': some that the kind reads."""
    *most, last = kind.reads[:3]
    return f"{', '.join(most)} or {last}" if most else last


def printable(name: str) -> str:
    """`name` with bytes that are no UTF-8 replaced."""
    return os.fsencode(name).decode("utf-8", "replace")
