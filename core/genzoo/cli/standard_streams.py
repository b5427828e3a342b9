"""Standard streams that may be closed, full or without a reader while a command works."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from genzoo.errors import StorageError

_GONE = {errno.EPIPE, errno.EIO, errno.ENXIO, errno.EBADF, errno.ECONNRESET, errno.ESHUTDOWN}
"""What a stream answers that nobody will ever read."""


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Within it messages that cannot be written are dropped; results that cannot be are an error.

    A stream that is closed leads nowhere: else the next file that is opened would be in its place.
    """
    _open_all()
    streams = sys.stdout, sys.stderr
    sys.stdout = cast(TextIO, _Results(sys.stdout))
    sys.stderr = cast(TextIO, _Messages(sys.stderr))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


def _open_all() -> None:
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


class _Stream:
    """A text stream whose failures are taken care of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._failed(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._failed(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _failed(self, error: OSError) -> None:
        raise NotImplementedError

    def _lead_nowhere(self) -> None:
        """What is left in the stream's buffer must not fail again when the program ends."""
        with suppress(OSError, ValueError):
            number = self._stream.fileno()
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, number)
            os.close(nowhere)
            self._stream.flush()


class _Messages(_Stream):
    def _failed(self, error: OSError) -> None:
        if error.errno in _GONE:
            self._lead_nowhere()


class _Results(_Stream):
    def _failed(self, error: OSError) -> None:
        self._lead_nowhere()
        if error.errno == errno.EPIPE:
            raise error
        raise StorageError(f"Standard output cannot be written: {error.strerror}.") from error
