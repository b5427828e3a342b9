"""Text of strangers made fit for a terminal: a model's card, an error of a library, a file's name.

What they write is data. It may neither steer the terminal nor look like a line of genzoo's own.
"""

from __future__ import annotations

import re
import traceback

# No alternative can fail after its first characters, so the time is linear in the length.
_STEERING = re.compile(
    r"\x1b\[[0-?]*+[ -/]*+[@-~]?"  # colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b\n]*+(?:\x07|\x1b\\)?"  # titles, links, the clipboard
    r"|\x1b[ -/]*+[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    # Marks without a width of their own that reorder, hide or break what is around them. The
    # joiners, of which Persian words and emoji consist, stay.
    r"|[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    r"|[\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_HALVES = re.compile(r"[\ud800-\udfff]")
_BREAKS = re.compile(r"[\n\t]")


def printable(text: str) -> str:
    """The text without escape sequences and control characters; lines and tabs stay."""
    return _HALVES.sub("\ufffd", _STEERING.sub("", text))


def on_one_line(text: str) -> str:
    """As `printable`, with spaces in place of line breaks and tabs."""
    return _BREAKS.sub(" ", printable(text))


def traceback_text(error: BaseException) -> str:
    """The traceback of an exception and of those that led to it, each message on one line."""
    parts: list[str] = []
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_tb(current.__traceback__))
        title = on_one_line(_title(current))
        parts.append(f"Traceback (most recent call last):\n{printable(frames)}{title}\n")
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return "which led to:\n".join(reversed(parts))


def _title(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # its own __str__ failed
        return type(error).__name__
