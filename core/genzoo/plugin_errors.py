"""Running a plugin's code so that whatever it does harms nobody else."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from genzoo.errors import PluginError


@dataclass(frozen=True)
class Place:
    """A line of somebody's code."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


@contextlib.contextmanager
def contained(doing: str) -> Iterator[None]:
    """Run a plugin's code: its prints go to stderr, and whatever it raises is a PluginError.

    Even `SystemExit` and the panics of extension modules, which are no `Exception`, are held.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except (KeyboardInterrupt, PluginError):
        raise
    except BaseException as error:
        raise PluginError(f"{doing}: {one_line(error)}") from error


def one_line(error: BaseException) -> str:
    """An exception's type and text in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}".rstrip(": ")


def place_in(package: str, error: BaseException | None) -> Place | None:
    """The innermost line of `package`, its modules included, that led to `error`; None without."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Place(error.filename, error.lineno)
    place = None
    for frame, line in traceback.walk_tb(error.__traceback__ if error else None):
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] == package:
            place = Place(frame.f_code.co_filename, line)
    return place
