"""Classes that the names of files tell: `7_jackson_0.wav` is a seven."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator

PLACE = re.compile(r"\{([a-z_]*)\}")

MOST = 200
"""Characters of a pattern."""


def checked_pattern(pattern: str) -> str:
    """`pattern`, if `label_in_name` takes it.

    Raises:
        ValueError: It does not have {label} once, or is not made of names in braces.
    """
    if len(pattern) > MOST:
        raise ValueError(f"a pattern has at most {MOST} characters")
    if PLACE.findall(pattern).count("label") != 1:
        raise ValueError("a pattern has {label} once, as '{label}_{speaker}_{take}'")
    if re.search(r"[{}]", PLACE.sub("", pattern)):
        raise ValueError("braces hold a name of small letters, as in {take}")
    if re.search(r"\}\{", pattern):
        raise ValueError("something must stand between two names in braces")
    return pattern


LabelPattern = Annotated[str, AfterValidator(checked_pattern)]
"""The type of an option that holds a pattern for `label_in_name`; declare it as `| None`."""


def label_in_name(pattern: str | None, path: str | PurePath) -> tuple[str, ...]:
    """What stands at {label} in a file's name without its ending, or nothing.

    Other names in braces stand for anything. Each of them takes as little as it can, so that
    '{label}_{rest}' finds what stands before the first `_`. Where the pattern has a `/`, it is
    compared with the names of as many folders too.

    Args:
        pattern: Such as `{label}_{speaker}_{take}`; None finds nothing.
        path: Of the file.

    Returns:
        The class, as `Decoded.labels` has it for a file of one sample; empty where the name is
        another one.
    """
    if pattern is None:
        return ()
    path = PurePath(path)
    parts = [*path.parent.parts, path.stem][-1 - pattern.count("/") :]
    found = _compiled(pattern).fullmatch("/".join(parts))
    return () if found is None else (found["label"],)


@lru_cache(maxsize=8)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = PLACE.split(pattern)
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            pieces[number] = re.escape(piece)
        else:
            pieces[number] = "(?P<label>[^/]+?)" if piece == "label" else "[^/]+?"
    return re.compile("".join(pieces), re.DOTALL)
