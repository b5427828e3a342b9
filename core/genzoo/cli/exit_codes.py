"""From an exception to one sentence, a hint and an exit code."""

from __future__ import annotations

import errno
from typing import NamedTuple

import click

from genzoo.cli.printing import Output
from genzoo.cli.terminal_text import traceback_text
from genzoo.errors import GenzooError

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + SIGINT, as shells have it."""

_OUT_OF_MEMORY = ("can't allocate memory", "out of memory")


class Report(NamedTuple):
    """What the user is told about an exception."""

    message: str
    hint: str
    exit_code: int


def is_clicks_own(error: BaseException) -> bool:
    """Whether click shows and exits by itself: usage errors, exits, a closed pipe."""
    if isinstance(error, (click.ClickException, click.Abort, click.exceptions.Exit, SystemExit)):
        return True
    return isinstance(error, OSError) and error.errno == errno.EPIPE


def explain(error: BaseException) -> Report:
    """What to say about `error`."""
    if isinstance(error, GenzooError):
        return Report(error.message, error.hint, error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        return Report("Interrupted.", "", INTERRUPTED)
    if isinstance(error, OSError):
        return _explain_os_error(error)
    if _is_out_of_memory(error):
        return Report("The memory does not suffice.", "Use a smaller --batch-size or --count.", 1)
    text = " ".join(str(error).split())
    return Report(
        f"This is a bug in genzoo or a plugin: {type(error).__name__}: {text}".rstrip(": "),
        "Run it again with --debug for the traceback.",
        1,
    )


def report(error: BaseException, output: Output) -> int:
    """Tell the user about `error` and return the exit code."""
    if output.debug:
        click.echo(traceback_text(error), err=True, nl=False)
    told = explain(error)
    output.error(told.message, told.hint)
    return told.exit_code


def _explain_os_error(error: OSError) -> Report:
    name = f"'{error.filename}'" if error.filename else "a file"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Report(f"The disk is full: {name} cannot be written.", "Make room.", 1)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Report(f"There is no permission to use {name}.", "Choose another place with -o.", 1)
    return Report(f"{error.strerror or error}: {name}.", "", 1)


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(phrase in text for phrase in _OUT_OF_MEMORY)
