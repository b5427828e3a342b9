"""Answers of the Hub, received so that every wait has an end.

A client's timeout is about silence: a server that sends a byte now and then, or a name server
that does not answer, would be waited for without an end. So answers arrive in threads, and whoever
wants them waits as long as is promised and no longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self, TypeVar

from genzoo.errors import HubError
from genzoo.hub.client import endpoint, request_headers
from genzoo.hub.hub_errors import hub_errors, not_the_hub, refusal, too_slow
from genzoo.system.strict_json import parse_json

T = TypeVar("T")

SILENCE = 4.0
"""Seconds within which the Hub must connect, and then send something."""

ANSWER = 20.0
"""Seconds within which the answer to a question must be whole."""

MAX_ANSWER = 32 << 20
"""Bytes that the answer to a question may have."""

HINT = "Check the connection and try again. What was pulled before works without it."


@dataclass(frozen=True)
class Head:
    """What comes before the bytes of an answer."""

    status: int
    headers: Mapping[str, str]


class Transfer:
    """The answer to a GET, which arrives in a thread of its own.

    Args:
        url: What to get.
        what: The repository that it is of, for errors.
        revision: Its revision.
        params: Of the question.
        headers: Besides the usual ones.
        silence: Seconds without a byte after which the connection counts as broken.
    """

    def __init__(
        self,
        url: str,
        what: str,
        revision: str = "",
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        silence: float = SILENCE,
    ) -> None:
        self._what, self._revision = what, revision
        self._arrived: Queue[Head | bytes | BaseException | None] = Queue(8)
        self._stopped = Event()
        request = {
            "params": dict(params or {}),
            "headers": {**request_headers(), **(headers or {})},
            "timeout": silence,
        }
        Thread(target=self._receive, args=(url, request), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()

    def head(self, seconds: float) -> Head:
        """What comes before the bytes; see `piece`."""
        item = self._next(seconds)
        assert isinstance(item, Head)
        return item

    def piece(self, seconds: float) -> bytes:
        """The next bytes; none at the end.

        Raises:
            TimeoutError: Nothing came within so many seconds.
            ArtifactError, HubError, UnknownNameError: The Hub refuses, or is not the one that
                answers.
            Exception: Of the client's: the connection broke.
        """
        item = self._next(seconds)
        return item if isinstance(item, bytes) else b""

    def _next(self, seconds: float) -> Head | bytes | None:
        try:
            item = self._arrived.get(timeout=max(0.0, seconds))
        except Empty:
            raise TimeoutError from None
        if isinstance(item, BaseException):
            raise item
        return item

    def _receive(self, url: str, request: dict[str, Any]) -> None:
        from huggingface_hub.utils import get_session

        try:
            with get_session().stream("GET", url, **request) as response:
                if response.status_code >= 400:
                    status, headers = response.status_code, response.headers
                    raise refusal(status, headers, self._what, self._revision)
                if "html" in response.headers.get("content-type", "").lower():
                    raise not_the_hub("it sends a web page")
                self._put(Head(response.status_code, response.headers))
                for piece in response.iter_bytes():
                    if piece and not self._put(piece):
                        return
            self._put(None)
        except BaseException as error:  # it is raised where the answer is wanted
            self._put(error)

    def _put(self, item: Head | bytes | BaseException | None) -> bool:
        """Hand on what arrived; False where nobody wants it any more."""
        while not self._stopped.is_set():
            with suppress(Full):
                self._arrived.put(item, timeout=0.2)
                return True
        return False


def ask(path: str, what: str, revision: str = "", params: Mapping[str, Any] | None = None) -> Any:
    """What the Hub answers to a question, which is JSON.

    Args:
        path: Below the Hub's address.
        what: The repository that it is about, for errors.
        revision: Its revision.
        params: Of the question.

    Raises:
        HubError: It cannot be reached, refuses, is too slow, or is not what answers.
        UnknownNameError: There is no such repository or revision.
    """
    content = bytearray()
    end = time.monotonic() + ANSWER
    try:
        with (
            hub_errors(what, revision),
            Transfer(f"{endpoint()}/{path}", what, revision, params=params) as transfer,
        ):
            transfer.head(end - time.monotonic())
            while piece := transfer.piece(end - time.monotonic()):
                content += piece
                if len(content) > MAX_ANSWER:
                    raise not_the_hub(f"its answer has more than {MAX_ANSWER:,} bytes")
    except TimeoutError:
        raise _unanswered(ANSWER) from None
    try:
        return parse_json(bytes(content))
    except ValueError as error:
        raise not_the_hub("its answer is not JSON, or is cut short") from error


def within(seconds: float, action: Callable[[], T]) -> T:
    """What `action` returns, or raises, within so many seconds; else it is left to itself.

    Raises:
        HubError: It takes longer.
    """
    outcome: Queue[tuple[bool, Any]] = Queue(1)

    def act() -> None:
        try:
            outcome.put((True, action()))
        except BaseException as error:  # it is raised where the outcome is wanted
            outcome.put((False, error))

    Thread(target=act, daemon=True).start()
    try:
        succeeded, found = outcome.get(timeout=seconds)
    except Empty:
        raise _unanswered(seconds) from None
    if not succeeded:
        raise found
    result: T = found
    return result


def _unanswered(seconds: float) -> HubError:
    return too_slow(f"its answer was not whole after {seconds:.0f} seconds", HINT)
