"""Finding the line of a plugin's code that somebody should look at."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from genzoo.errors import PluginError
from genzoo.registry import load_target


def source_of(thing: Any) -> str:
    """`file:line` of a class or function; empty where it has no source."""
    while isinstance(thing, partial):
        thing = thing.func
    thing = inspect.unwrap(getattr(thing, "__func__", thing))
    try:
        file, line = inspect.getsourcefile(thing), inspect.getsourcelines(thing)[1]
    except (OSError, TypeError):
        return ""
    return f"{shorten(file)}:{max(line, 1)}" if file else ""


def source_of_target(target: str) -> str:
    """`file:line` of what `module:attribute` names; the target itself where that is unknown."""
    try:
        return source_of(load_target(target)) or target
    except PluginError:
        return target


def frame_of(error: BaseException, modules: Collection[str]) -> str:
    """The innermost line in one of the top-level `modules` that led to `error`; may be empty."""
    found = ""
    for cause in _causes(error):
        for frame, line in traceback.walk_tb(cause.__traceback__):
            if root_of(str(frame.f_globals.get("__name__", ""))) in modules:
                found = f"{shorten(frame.f_code.co_filename)}:{line}"
    return found


def root_of(name: str) -> str:
    """Top-level module of `package.module` or `package.module:attribute`."""
    return name.partition(":")[0].partition(".")[0]


def shorten(file: str) -> str:
    """The path as seen from the working directory, where it is below it."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, then what it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__
