"""How names, counts and errors are put into sentences."""

from __future__ import annotations

import os

from genzoo import Kind

SHOWN = 5
"""Names given in full before 'and N more'."""


def printable(name: str) -> str:
    """`name` with bytes that are not UTF-8 replaced."""
    return os.fsencode(name).decode("utf-8", "replace")


def counted(count: int, kind: Kind) -> str:
    """'1 image' or 'N images'."""
    return f"1 {kind.noun}" if count == 1 else f"{count} {kind.array}"


def with_article(noun: str) -> str:
    """'an image', 'a point'."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def one_line(error: BaseException) -> str:
    """An exception's type and text in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}".rstrip(": ")
