"""Running a plugin's code so that whatever it does harms nobody else."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from types import FrameType
from typing import Any, NamedTuple

from genzoo.errors import PluginError
from genzoo.plugin_safety.process_state import CALL, IMPORT, Setting, kept
from genzoo.system.random_turn import random_turn


class Place(NamedTuple):
    """A line of somebody's code."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


class TimeIsUpError(BaseException):
    """Raised in code that has run for too long. No `Exception`, which code may go on after."""


@contextlib.contextmanager
def contained(doing: str, keep: tuple[Setting, ...] = CALL) -> Iterator[list[str]]:
    """Run a plugin's code: its prints go to stderr, and whatever it raises is a PluginError.

    Even `SystemExit` and the panics of extension modules, which are no `Exception`, are held, and
    a `KeyboardInterrupt` that no Ctrl-C is the cause of. Standard streams are as before when the
    block ends, and so are the settings `keep`.

    Yields:
        A list that afterwards names the settings which had to be put back.
    """
    with _streams_kept(), _interrupts_noted() as interrupts:
        try:
            with kept(keep) as changed, explained(doing):
                yield changed
        except KeyboardInterrupt as error:
            if not interrupts:
                raise PluginError(f"{doing}: {one_line(error)}") from error
            raise
        finally:
            if interrupts:
                # A plugin may have caught what was meant for the user's command.
                raise KeyboardInterrupt


@contextlib.contextmanager
def explained(doing: str) -> Iterator[None]:
    """Make a PluginError of whatever is raised but `KeyboardInterrupt`, for use in `contained`."""
    try:
        yield
    except (KeyboardInterrupt, PluginError):
        raise
    except BaseException as error:
        raise PluginError(f"{doing}: {one_line(error)}") from error


@contextlib.contextmanager
def importing(doing: str) -> Iterator[list[str]]:
    """Run a plugin's import, or what it does once: as `contained`, and all settings are kept.

    It waits for the training step of another thread, whose random numbers it would bring back.
    """
    with random_turn, contained(doing, IMPORT) as changed:
        yield changed


def overdue(seconds: float) -> str:
    """What is said of code that `time_limit` ended."""
    return f"it did not end within {seconds:g} seconds"


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeIsUpError in the block once it has run for so long, and each second from then on.

    There is no limit outside of the main thread, where Python hears no signals, on systems
    without timers, and while code in C goes on that never returns to Python.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer") or seconds <= 0:
        yield
        return
    running = True

    def stop(number: int, frame: FrameType | None) -> None:
        if running:
            raise TimeIsUpError(overdue(seconds))

    handler, started = signal.signal(signal.SIGALRM, stop), time.monotonic()
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        running = False
        # The timer that was there goes on, if late.
        left = max(left - time.monotonic() + started, 1e-3) if left else 0.0
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)
        signal.setitimer(signal.ITIMER_REAL, left, interval)


@contextlib.contextmanager
def _interrupts_noted() -> Iterator[list[int]]:
    """Note each Ctrl-C that interrupts the block: a plugin can raise KeyboardInterrupt too."""
    noted: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield noted
        return

    def note(number: int, frame: FrameType | None) -> None:
        try:
            handler(number, frame)
        except KeyboardInterrupt:
            noted.append(number)
            raise

    signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        # A handler that was changed in the meantime, by the first Ctrl-C say, is to stay.
        if signal.getsignal(signal.SIGINT) is note:
            signal.signal(signal.SIGINT, handler)


_STREAMS = ("stdin", "stdout", "stderr")


@contextlib.contextmanager
def _streams_kept() -> Iterator[None]:
    """Send what is printed to stderr, by file descriptor too, and open again what is closed."""
    objects = [(name, getattr(sys, name)) for name in (*_STREAMS, *(f"__{n}__" for n in _STREAMS))]
    _flush()
    copies = [_duplicate(number) for number in range(3)]
    if copies[1] is not None and copies[2] is not None:
        os.dup2(2, 1)
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        _flush()
        for number, copy in enumerate(copies):
            _restore(number, copy)
        for name, stream in objects:
            setattr(sys, name, _opened(stream, name))


def _duplicate(number: int) -> int | None:
    try:
        return os.dup(number)
    except OSError:
        return None


def _restore(number: int, copy: int | None) -> None:
    with contextlib.suppress(OSError):
        if copy is None:
            os.close(number)
        else:
            os.dup2(copy, number)
            os.close(copy)


def _flush() -> None:
    """Write out what was printed, so that it goes where it was meant to go."""
    for stream in (sys.__stdout__, sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()  # type: ignore[union-attr]
    # Whether C code printed anything cannot be known; without ctypes it did not come from Python.
    if "ctypes" in sys.modules:
        with contextlib.suppress(Exception):
            sys.modules["ctypes"].pythonapi.fflush(None)


def _opened(stream: Any, name: str) -> Any:
    """The stream as it was, or another to the same file if somebody closed it."""
    if not getattr(stream, "closed", False):
        return stream
    number = _STREAMS.index(name.strip("_"))
    try:
        # Closing a stream closes its file descriptor, which `_restore` has opened again.
        return open(number, "w" if number else "r", closefd=False, errors="backslashreplace")
    except OSError:
        return None


def one_line(error: BaseException) -> str:
    """An exception's type and text in one line."""
    if isinstance(error, TimeIsUpError):
        return str(error)
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
