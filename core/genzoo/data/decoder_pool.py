"""Decoding many files on all cores."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any
from weakref import finalize

import numpy as np

from genzoo.data.decoder_process import READY, describe_kind
from genzoo.data.decoding import attempt, quiet_decoding
from genzoo.errors import DataError
from genzoo.interfaces.data_source import Content, Encoded, Outcome, Outcomes
from genzoo.interfaces.decoded import Decoded, UndecodableError
from genzoo.interfaces.kind import Kind

FEW = 500
"""Fewer files than this are decoded faster than workers start."""

CHUNK = 32
"""Files that a worker is given at a time."""

COMMAND = ("-P", "-m", "genzoo.data.decoder_process")
"""What Python runs in a worker; -P keeps modules of the current folder out."""


class WorkerLostError(DataError):
    """A worker does not start or has died."""

    def __init__(self) -> None:
        super().__init__(
            "The processes that decode files cannot be kept running.",
            "Free some memory and run the command again.",
        )


Fetch = Callable[[int], Encoded]
"""What is to be decoded at a position. Called from several threads at once."""


def decode_all(fetch: Fetch, count: int, kind: Kind) -> Outcomes:
    """Each of the `count` things that `fetch` gives, decoded or the reason why not, in order."""
    decoders = Decoders(fetch, kind, min(cores(), count // FEW * 2)) if cores() > 1 else None
    if decoders is not None and decoders.count:
        yield from _in_parallel(decoders, count)
        return
    for position in range(count):
        with quiet_decoding():
            outcome = attempt(kind, fetch(position))
        yield outcome


def _in_parallel(decoders: Decoders, count: int) -> Outcomes:
    waiting: deque[Future[list[Outcome]]] = deque()
    try:
        for start in range(0, count, CHUNK):
            waiting.append(decoders.submit(range(start, min(count, start + CHUNK))))
            # A bound on what is decoded and not yet written.
            if len(waiting) > 2 * decoders.count:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        decoders.close()


class Decoders:
    """Processes that decode what `fetch` gives. Close them, or let go of them.

    Args:
        fetch: What is at a position.
        kind: What it holds.
        count: Number of processes; none are started where they cannot be had.

    Attributes:
        count: Number of processes that run.
    """

    def __init__(self, fetch: Fetch, kind: Kind, count: int) -> None:
        workers = _start_workers(kind, count)
        self.count = len(workers)
        self._fetch = fetch
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(max(1, self.count), "genzoo-decoding")
        self._end = finalize(self, _end, self._threads, workers)

    def submit(self, positions: Sequence[int]) -> Future[list[Outcome]]:
        """Begin to decode what is at `positions`."""
        return self._threads.submit(self._decode, positions)

    def close(self) -> None:
        """End the processes, after what they are at."""
        self._threads.shutdown(cancel_futures=True)
        self._end()

    def _decode(self, positions: Sequence[int]) -> list[Outcome]:
        files = [self._fetch(position) for position in positions]
        worker = self._idle.get()
        try:
            return worker.decode(files)
        finally:
            self._idle.put(worker)


def _start_workers(kind: Kind, count: int) -> list[Worker]:
    """`count` workers, or none where they cannot be had."""
    workers: list[Worker] = []
    try:
        while len(workers) < count:
            workers.append(Worker(kind))
        for worker in workers:
            worker.open()
    except WorkerLostError:
        for worker in workers:
            worker.close()
        return []
    return workers


def _end(threads: ThreadPoolExecutor, workers: Sequence[Worker]) -> None:
    # Without waiting: this may be one of the threads, letting go of the last reference.
    threads.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.close()


class Worker:
    """A process that decodes. Open it before use, close it after.

    Raises:
        WorkerLostError: It does not start.
    """

    def __init__(self, kind: Kind) -> None:
        self._opening = describe_kind(kind)
        self._shape = kind.layout.shape
        self._dtype = np.dtype(kind.layout.dtype)
        self._closed = False
        self._process = _start()

    def open(self) -> None:
        """Wait for the process to be ready. Raises WorkerLostError if it never is."""
        if self._pipes()[1].readline() != READY:
            raise WorkerLostError
        self._send(self._opening)

    def decode(self, chunk: Sequence[Encoded]) -> list[Outcome]:
        """The outcome for each file; one that kills the process is reported."""
        try:
            return self._ask(chunk)
        except WorkerLostError:
            if self._closed:
                raise
            self._stop()
            self._process = _start()
            self.open()
        if len(chunk) == 1:
            return [UndecodableError("it crashes the decoder")]
        return [outcome for file in chunk for outcome in self.decode([file])]

    def close(self) -> None:
        """End the process for good."""
        self._closed = True
        self._stop()

    def _stop(self) -> None:
        self._process.kill()
        with suppress(OSError):
            self._process.communicate()

    def _ask(self, chunk: Sequence[Encoded]) -> list[Outcome]:
        files = [file for file in chunk if not isinstance(file, UndecodableError)]
        contents = [file.data for file in files if isinstance(file, Content)]
        self._send([_description(file) for file in files], contents)
        line = self._pipes()[1].readline()
        if not line.endswith(b"\n"):
            raise WorkerLostError
        outcomes = iter([self._outcome(each) for each in json.loads(line)])
        return [file if isinstance(file, UndecodableError) else next(outcomes) for file in chunk]

    def _outcome(self, answer: str | list[Any]) -> Outcome:
        if isinstance(answer, str):
            return UndecodableError(answer)
        count, remarks, labels, counts = answer
        expected = count * math.prod(self._shape) * self._dtype.itemsize
        content = self._pipes()[1].read(expected)
        if len(content) != expected:
            raise WorkerLostError
        rows = np.frombuffer(content, self._dtype).reshape(count, *self._shape)
        return Decoded(rows, tuple(remarks), tuple(labels), counts)

    def _send(self, message: object, contents: Iterable[bytes] = ()) -> None:
        requests = self._pipes()[0]
        try:
            requests.write(json.dumps(message).encode() + b"\n")
            requests.writelines(contents)
            requests.flush()
        except OSError as error:
            raise WorkerLostError from error

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        requests, replies = self._process.stdin, self._process.stdout
        assert requests is not None
        assert replies is not None
        return requests, replies


def _description(file: Path | Content) -> str | tuple[str, int]:
    return (file.name, len(file.data)) if isinstance(file, Content) else str(file.absolute())


def _start() -> subprocess.Popen[bytes]:
    # A session of its own keeps Ctrl-C out.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, *COMMAND]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise WorkerLostError from error


def cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
