"""Reading a file on another machine, whatever becomes of the connection."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock
from typing import Any, TypeVar

import httpx2

from genzoo import DataError
from genzoo_sources.connection import (
    TIMEOUT,
    Answer,
    BrokenConnectionError,
    RemoteFile,
    connect,
    host,
    reason,
    shown,
)

PATIENCE, LEAST = 300.0, 300_000
"""Seconds after which a server is given up that has sent fewer bytes in them."""

FIRST_DELAY, LAST_DELAY = 0.5, 20.0
"""Seconds before something is tried again; each time it is twice as long."""

TELL_AFTER = 3.0
"""Seconds of an interruption before the user hears of it."""

TELL_AGAIN = 60.0
"""Seconds after which the user hears of it again."""

AT_A_TIME = 2**17
"""Bytes that are taken from a connection at a time."""

SKIPPED = 2**20
"""Bytes up to which reading on is quicker than asking anew."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Patience:
    """Tries again what fails because of a connection.

    Args:
        note: Hears of long interruptions.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._lock = Lock()
        self._told = -TELL_AGAIN
        self.stopped = Event()
        """Set it, and nothing is tried any more."""

    def persist(self, url: str, action: Callable[[], Result]) -> Result:
        """The result of `action`, which is called until it raises no BrokenConnectionError.

        Raises:
            DataError: It went on for `PATIENCE` seconds, or nothing is to be tried any more.
        """
        begun, delay, wait = 0.0, FIRST_DELAY, 0
        while not self.stopped.is_set():
            try:
                return action()
            except BrokenConnectionError as error:
                begun = begun or time.monotonic()
                lost, wait = time.monotonic() - begun, error.wait or 0
                if lost > PATIENCE or wait > PATIENCE:
                    raise _gave_up(url, error) from error
                if wait:
                    self._tell(f"{host(url)} asks to wait {wait} seconds ({error}).")
                elif lost > TELL_AFTER:
                    self._tell(f"No connection to {host(url)} ({error}): trying again.")
            self.stopped.wait(max(delay, wait))
            delay = min(2 * delay, LAST_DELAY)
        raise DataError(f"'{shown(url)}' is not wanted any more.")

    def side_by_side(
        self, count: int, action: Callable[[Item], Result], items: Iterable[Item]
    ) -> list[Result]:
        """The results of `action` in order, `count` at a time. An error ends all of them."""
        with ThreadPoolExecutor(count, "genzoo-remote") as threads:
            try:
                return list(threads.map(action, items))
            except BaseException:
                self.stopped.set()
                threads.shutdown(wait=False, cancel_futures=True)
                raise

    def _tell(self, message: str) -> None:
        """Once for all files that wait at a time."""
        with self._lock:
            due = time.monotonic() - self._told >= TELL_AGAIN
            if due:
                self._told = time.monotonic()
        if due:
            self._note(message)


def _gave_up(url: str, error: BrokenConnectionError) -> DataError:
    wait = f"; it asks to wait {error.wait} seconds" if error.wait else ""
    return DataError(
        f"'{shown(url)}' cannot be read: {error}{wait}.",
        "Check the network. A run goes on from its last checkpoint with --resume.",
    )


class RemoteReader(io.RawIOBase):
    """A file on another machine as one that is open for reading.

    Reading on is one request; going back, or far ahead, is another. After an interruption it goes
    on where it was.

    Args:
        file: What to read. If the server has another by now, reading raises DataError.
        patience: For interruptions.
    """

    def __init__(self, file: RemoteFile, patience: Patience) -> None:
        self._file = file
        self._patience = patience
        self._position = 0
        self._answer: Answer | None = None
        self._reached = 0
        self._seconds, self._count = 0.0, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._file.size}
        position = origin[whence] + offset
        if position < 0:
            raise OSError("before the beginning of the file")
        self._position = position
        return position

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer)[: max(0, self._file.size - self._position)]
        if not len(room):
            return 0
        began = time.monotonic()
        count = self._patience.persist(self._file.url, lambda: self._receive(room))
        self._refuse_dripping(count, time.monotonic() - began)
        self._position = self._reached = self._position + count
        return count

    def close(self) -> None:
        self._hang_up()
        super().close()

    def _receive(self, room: memoryview) -> int:
        """The next bytes; at least one."""
        try:
            # What has arrived, not all that there is room for: it may drip.
            received = self._content_at(self._position).read1(min(len(room), AT_A_TIME))
        except (OSError, httpx2.HTTPError, httpx2.StreamError) as error:
            self._hang_up()
            raise BrokenConnectionError(reason(error)) from error
        if not received:
            self._hang_up()
            raise BrokenConnectionError("the connection ended early")
        room[: len(received)] = received
        return len(received)

    def _refuse_dripping(self, count: int, seconds: float) -> None:
        """Give up a server that sends a byte now and then."""
        self._count += count
        self._seconds += seconds
        if self._count >= LEAST:
            self._seconds, self._count = 0.0, 0
        elif self._seconds > PATIENCE and self._position + count < self._file.size:
            reason = f"fewer than {LEAST:,} bytes arrived in {PATIENCE:.0f} seconds"
            raise _gave_up(self._file.url, BrokenConnectionError(reason))

    def _content_at(self, position: int) -> Any:
        if self._answer is None or not 0 <= position - self._reached <= SKIPPED:
            self._hang_up()
            self._answer = answer = connect(self._file.url, position)
            self._reached = answer.start
            self._check(answer.file)
        until = time.monotonic() + TIMEOUT
        while self._reached < position:
            skipped = self._answer.content.read1(min(AT_A_TIME, position - self._reached))
            if not skipped or time.monotonic() > until:
                raise ConnectionError("the connection ended early" if not skipped else "too slow")
            self._reached += len(skipped)
        return self._answer.content

    def _check(self, now: RemoteFile) -> None:
        if now.size != self._file.size or (self._file.tag and now.tag != self._file.tag):
            raise changed(self._file)

    def _hang_up(self) -> None:
        if self._answer is not None:
            self._answer.content.close()
            self._answer = None


def changed(file: RemoteFile) -> DataError:
    """The error for a file that is not what it was."""
    return DataError(
        f"'{shown(file.url)}' was changed since it was first looked at.",
        "Put it back as it was and resume the run, or start a new one.",
    )


PIECE = 2**20


def download(file: RemoteFile, path: Path, patience: Patience) -> None:
    """Write a file to `path`: exactly the bytes that it had when it was first looked at.

    Raises:
        DataError: It cannot be had, or is another one by now.
        OSError: It cannot be written.
    """
    with RemoteReader(file, patience) as reader, path.open("wb") as target:
        while piece := reader.read(PIECE):
            target.write(piece)
