"""JSON that strangers wrote, within bounds. Imports nothing heavy."""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 64
"""Levels of nested lists and objects: far more than any description needs."""


def parse_json(raw: bytes) -> Any:
    """The content of a JSON document in UTF-8. How long it may be is the caller's to say.

    Raises:
        ValueError: It is not JSON, is nested more than `MAX_DEPTH` deep, or holds a number that is
            not finite or text that is not Unicode (half of a surrogate pair).
    """
    try:
        content = json.loads(
            raw.decode("utf-8"), parse_constant=_finite_number, parse_float=_finite_number
        )
    except RecursionError:
        raise _too_deep() from None
    _look_through(content)
    return content


def _finite_number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is not a number that can be computed with")
    return number


def _look_through(content: Any) -> None:
    """Level by level, so that no depth of it is a depth of calls."""
    level = [content]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value.keys()
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str):
                value.encode("utf-8")
        level = below
        if not level:
            return
    raise _too_deep()


def _too_deep() -> ValueError:
    return ValueError(f"it is nested more than {MAX_DEPTH} deep")
