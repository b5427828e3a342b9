"""Which columns of a table hold samples and classes, and what a cell of the first is.

A cell is a file (its bytes, or the name of one), a text, or numbers. What files and texts hold the
kind decodes as it decodes files; numbers are taken as an entry of an array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from genzoo import Content, DataError, Kind, UndecodableError, UsageError

if TYPE_CHECKING:
    from datasets import Features

LABELS = "label"
"""The column of classes where several could be."""


def sample_column(features: Features, kind: Kind, name: str) -> str:
    """The column of samples.

    That whose feature is called as the kind is, such as `Image`; else one of the names that the
    kind's `columns` has, or of its noun or array.

    Raises:
        DataError: There is none.
        UsageError: It is not clear which it is.
    """
    known = [each for each in (*kind.columns, kind.noun, kind.array) if each in features]
    types = {one: type(feature).__name__.lower() for one, feature in features.items()}
    found = [one for one, of_type in types.items() if of_type == kind.name]
    if len(found) == 1:
        return found[0]
    named = [each for each in known if each in found or not found]
    if named:
        return named[0]
    if found:
        raise UsageError(
            f"'{name}' has several columns of {kind.array}: {', '.join(found)}.",
            f"Rename the one to use to '{kind.noun}' and save the data set.",
        )
    raise DataError(
        f"'{name}' has no column of {kind.array}, only: {', '.join(features)}.",
        f"It is found by its feature, or by a name: {', '.join({*kind.columns, kind.noun})}.",
    )


def label_column(features: Features) -> str | None:
    """The column of classes, or of numbers that is called `label`."""
    from datasets import ClassLabel, Value

    found = [column for column, feature in features.items() if isinstance(feature, ClassLabel)]
    if len(found) == 1:
        return found[0]
    named = features.get(LABELS)
    integers = isinstance(named, Value) and named.dtype.startswith(("int", "uint"))
    return LABELS if LABELS in found or integers else None


def cell_name(feature: Any, kind: Kind) -> str:
    """What the content of a column's cells is called, which says how it is decoded."""
    if _number_type(feature) is not None:
        return Content.ARRAY
    if getattr(feature, "dtype", None) in ("string", "large_string") and ".txt" in kind.reads:
        return f"{kind.noun}.txt"
    return f"{kind.noun}{''.join(kind.reads[:1])}"


def cell_content(cell: Any, feature: Any, kind: Kind) -> Content | UndecodableError:
    """What a cell holds itself. Files that it names are not looked for."""
    called = cell_name(feature, kind)
    if isinstance(cell, dict):
        called, cell = cell.get("path") or called, cell.get("bytes")
    if isinstance(cell, str):
        cell = cell.encode(errors="replace")
    if isinstance(cell, bytes):
        return Content(called, cell)
    if cell is None:
        return UndecodableError("it is empty")
    return _numbers(cell, feature)


def _numbers(cell: Any, feature: Any) -> Content | UndecodableError:
    try:
        return Content.of_array(np.asarray(cell, _number_type(feature) or np.float64))
    except (TypeError, ValueError, OverflowError):
        return UndecodableError("its numbers make no array")


def _number_type(feature: Any) -> np.dtype[Any] | None:
    """The type of the numbers in a column, however deep they lie in lists; None for none."""
    while hasattr(feature, "feature"):
        feature = feature.feature
    try:
        found: np.dtype[Any] = np.dtype(str(getattr(feature, "dtype", "")))
    except TypeError:
        return None
    return found if found.kind in "biuf" else None
