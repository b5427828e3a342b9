"""Ctrl-C, and a terminal that goes away, as requests, not accidents."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup

HANGUP = getattr(signal, "SIGHUP", None)
"""Comes when the terminal or the connection of a process is closed, often more than once."""


class Interrupts:
    """While active, the first SIGINT or SIGTERM only sets `requested`; a second one interrupts.

    SIGHUP sets it too, however often it comes. Where it is ignored, as under nohup, it stays so.

    Args:
        processes: The processes that stop together.
    """

    def __init__(self, processes: ProcessGroup = SINGLE_PROCESS) -> None:
        self.requested = False
        self._processes = processes
        self._answer: Callable[[], bool] | None = None
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._handle)
            if HANGUP is not None and signal.getsignal(HANGUP) is not signal.SIG_IGN:
                self._previous[HANGUP] = signal.signal(HANGUP, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore(*self._previous)

    def agreed(self) -> bool:
        """Whether to stop now. All processes ask it after the same steps and hear the same.

        With several, one step more is taken: what was asked before it is answered during it.
        """
        if self._processes.size == 1:
            return self.requested
        answer, self._answer = self._answer, self._processes.ask(self.requested)
        return answer is not None and answer()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        self._restore(*(each for each in self._previous if each != HANGUP))

    def _restore(self, *numbers: signal.Signals) -> None:
        for number in numbers:
            signal.signal(number, self._previous.pop(number))
