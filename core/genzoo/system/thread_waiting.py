"""How threads that compute together wait for one another: spinning or asleep.

OpenMP's threads meet at a barrier after each of the hundreds of operations of a training step.
GNU's runtime lets those that come first spin, which is quickest on a quiet machine. Where other
programs want the processors, a thread that spins takes the time of the one that it waits for.

The runtime looks at its settings once, when it is loaded. But it spins for a moment only while
there are more of its threads than processors (its manual, GOMP_SPINCOUNT). So a few that sleep
forever switch it over, and back when they end: at any time, and with as many threads in every
computation as before, so that results stay the same to the bit.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from genzoo.errors import UsageError
from genzoo.system.processors import OtherPrograms, usable_processors

POLICY = "GENZOO_WAIT_POLICY"
POLICIES = ("auto", "active", "passive")

FIRST_LOOK, LOOK_EVERY = 0.2, 1.0
"""Seconds after which the machine is looked at."""

CROWDED, ROOMY = 0.35, 0.2
"""Processors short of what the threads need from which on they sleep, and up to which they spin."""


def wait_policy(environment: Mapping[str, str]) -> str:
    """What the user wants: `auto`; `active`, to spin always; `passive`, to sleep always.

    What is set for OpenMP itself is left alone: that is `active` here.

    Raises:
        UsageError: The variable has another value.
    """
    policy = environment.get(POLICY, "auto").strip().lower() or "auto"
    if policy not in POLICIES:
        raise UsageError(f"{POLICY} is '{policy}'.", f"Set it to {', '.join(POLICIES)}.")
    if "OMP_WAIT_POLICY" in environment or "GOMP_SPINCOUNT" in environment:
        return "active"
    return policy


def spins_long(environment: Mapping[str, str]) -> bool:
    """Whether OpenMP's own settings let threads spin for long."""
    count = environment.get("GOMP_SPINCOUNT", "").strip()
    if count:
        return not count.isdigit() or int(count) > 1000
    return environment.get("OMP_WAIT_POLICY", "").strip().lower() != "passive"


class Waiting:
    """Looks at the machine every second and lets threads sleep at barriers while it is busy.

    There is one for a process. Enter it as often as you like.

    Attributes:
        short: Processors that other programs keep busy of those that the threads need.
    """

    def __init__(self) -> None:
        self.short = 0.0
        self._lock = threading.Lock()
        self._entered = 0
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._crowd: Crowd | None = None

    def __enter__(self) -> Waiting:
        """Begin to look.

        Raises:
            UsageError: The environment's policy is none.
        """
        policy = wait_policy(os.environ)
        with self._lock:
            self._entered += 1
            if self._entered == 1 and policy != "active":
                self._end.clear()
                self._thread = threading.Thread(
                    target=self._watch, args=(policy,), name="genzoo-waiting", daemon=True
                )
                self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put everything back when the last has left."""
        with self._lock:
            self._entered -= 1
            if self._entered or self._thread is None:
                return
            self._end.set()
            self._thread.join()
            self._thread = None

    @property
    def asleep(self) -> bool:
        """Whether threads sleep at barriers now because of this."""
        return self._crowd is not None

    @property
    def spins(self) -> bool:
        """Whether threads that wait spin for long now: one alone waits for nobody."""
        return not self.asleep and spins_long(os.environ) and _threads() > 1

    def _watch(self, policy: str) -> None:
        others = OtherPrograms()
        pause = FIRST_LOOK
        try:
            while not self._end.wait(pause):
                pause = LOOK_EVERY
                self.short = shortage(others.read() or 0.0)
                limit = ROOMY if self.asleep else CROWDED
                self._switch(policy == "passive" or self.short > limit)
        finally:
            self._switch(False)
            self.short = 0.0

    def _switch(self, asleep: bool) -> None:
        if asleep and self._crowd is None:
            self._crowd = gather()
        elif not asleep and self._crowd is not None:
            self._crowd.leave()
            self._crowd = None


def shortage(others: float) -> float:
    """How many of the processors that torch's threads need others keep busy.

    Args:
        others: Processors that other programs keep busy.
    """
    threads = _threads()
    return min(float(threads), max(0.0, others + threads - len(usable_processors())))


def _threads() -> int:
    """Threads that an operation of torch is shared by; 1 before torch is imported."""
    count = vars(sys.modules.get("torch", object)).get("get_num_threads")
    return int(count()) if count is not None else 1


class Crowd:
    """OpenMP threads that sleep, so that there are more of them than processors.

    Args:
        runtime: GNU's OpenMP runtime.
        size: How many, the one that starts them included.
    """

    def __init__(self, runtime: ctypes.CDLL, size: int) -> None:
        self._runtime = runtime
        self._size = size
        self._left = threading.Event()
        gathered = threading.Event()
        self._thread = threading.Thread(
            target=self._stay, args=(gathered,), name="genzoo-crowd", daemon=True
        )
        self._thread.start()
        gathered.wait()

    def leave(self) -> None:
        """End them."""
        self._left.set()
        self._thread.join()

    def _stay(self, gathered: threading.Event) -> None:
        # They run `free(NULL)`, which does nothing, and are then kept for this thread's next call.
        nothing = ctypes.cast(ctypes.CDLL(None).free, ctypes.c_void_p)
        self._runtime.GOMP_parallel(nothing, None, ctypes.c_uint(self._size), ctypes.c_uint(0))
        gathered.set()
        self._left.wait()


def gather() -> Crowd | None:
    """Enough threads to switch the runtime over; None where there is nothing to switch."""
    threads = _threads()
    runtime = _gnu_runtime()
    if threads < 2 or runtime is None:
        return None
    return Crowd(runtime, max(2, int(runtime.omp_get_num_procs()) - threads + 2))


def _gnu_runtime() -> ctypes.CDLL | None:
    """The runtime that this process has loaded: torch brings its own."""
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for path in {line.split(maxsplit=5)[-1] for line in maps.splitlines() if "libgomp" in line}:
        if Path(path).name.startswith("libgomp"):
            with suppress(OSError):
                return ctypes.CDLL(path, os.RTLD_NOLOAD)
    return None


_PROCESS = Waiting()


def sharing_processors() -> Waiting:
    """Within it, threads sleep while they wait for one another and the machine is busy.

    Training and genzoo's commands do this by themselves. It costs nothing on a quiet machine, and
    the same numbers come out. Linux with GNU's OpenMP, as torch's wheels have it; elsewhere nothing
    happens.

        with genzoo.sharing_processors():
            samples = model.sample(10_000)

    Raises:
        UsageError: On entering, if `GENZOO_WAIT_POLICY` is none of auto, active and passive.
    """
    return _PROCESS
