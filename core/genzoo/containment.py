"""Running a plugin's code so that whatever it does harms nobody else."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from genzoo.errors import PluginError


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
        text = " ".join(str(error).split())
        raise PluginError(f"{doing}: {type(error).__name__}: {text}".rstrip(": ")) from error
