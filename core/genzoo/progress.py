"""How work that takes time tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is, and its total; 0 where that is not known."""


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


class Arriving:
    """Adds up the bytes that arrive.

    Args:
        progress: Hears of their sum.
        what: What arrives.
        total: Bytes in all.
    """

    def __init__(self, progress: Progress, what: str, total: int) -> None:
        self._progress, self._what, self._total = progress, what, total
        self._done = 0
        self(0)

    def __call__(self, count: int) -> None:
        """So many more bytes are here; fewer, where some arrive once more."""
        self._done += count
        self._progress(self._what, self._done, self._total)
