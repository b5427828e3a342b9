"""Decoding many files on all cores."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

import numpy as np

from genzoo.data.attempt import Outcome, attempt, quiet_decoding
from genzoo.data.source import Outcomes
from genzoo.data.worker import READY, describe_kind
from genzoo.errors import DataError
from genzoo.interfaces.kind import Decoded, Kind, UndecodableError

FEW = 500
"""Fewer files than this are decoded faster than workers start."""

CHUNK = 32
"""Files that a worker is given at a time."""

COMMAND = ("-P", "-m", "genzoo.data.worker")
"""What Python runs in a worker; -P keeps modules of the current folder out."""


class WorkerLostError(DataError):
    """A worker does not start or has died."""

    def __init__(self) -> None:
        super().__init__(
            "The processes that decode files cannot be kept running.",
            "Free some memory and run the command again.",
        )


def decode_files(root: Path, paths: Sequence[str], kind: Kind) -> Outcomes:
    """Each file below `root`, decoded or the reason why not, in the order of `paths`."""
    workers = _start_workers(root, kind, min(_cores(), len(paths) // FEW * 2))
    if workers:
        yield from _in_parallel(workers, paths)
        return
    for path in paths:
        with quiet_decoding():
            outcome = attempt(kind, root / path)
        yield outcome


def _start_workers(root: Path, kind: Kind, count: int) -> list[Worker]:
    """`count` workers, or none where one is of no use or they cannot be had."""
    workers: list[Worker] = []
    try:
        while len(workers) < count > 1:
            workers.append(Worker(root, kind))
        for worker in workers:
            worker.open()
    except WorkerLostError:
        for worker in workers:
            worker.close()
        return []
    return workers


def _in_parallel(workers: Sequence[Worker], paths: Sequence[str]) -> Outcomes:
    idle: SimpleQueue[Worker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def decode(chunk: Sequence[str]) -> list[Outcome]:
        worker = idle.get()
        try:
            return worker.decode(chunk)
        finally:
            idle.put(worker)

    waiting: deque[Future[list[Outcome]]] = deque()
    try:
        with ThreadPoolExecutor(len(workers)) as threads:
            try:
                for start in range(0, len(paths), CHUNK):
                    waiting.append(threads.submit(decode, paths[start : start + CHUNK]))
                    # A bound on what is decoded and not yet written.
                    if len(waiting) > 2 * len(workers):
                        yield from waiting.popleft().result()
                while waiting:
                    yield from waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()
    finally:
        for worker in workers:
            worker.close()


class Worker:
    """A process that decodes files below `root`. Open it before use, close it after.

    Raises:
        WorkerLostError: It does not start.
    """

    def __init__(self, root: Path, kind: Kind) -> None:
        self._opening = {"root": str(root.absolute()), "kind": describe_kind(kind)}
        self._shape = kind.layout.shape
        self._dtype = np.dtype(kind.layout.dtype)
        self._process = _start()

    def open(self) -> None:
        """Wait for the process to be ready. Raises WorkerLostError if it never is."""
        if self._pipes()[1].readline() != READY:
            raise WorkerLostError
        self._send(self._opening)

    def decode(self, chunk: Sequence[str]) -> list[Outcome]:
        """The outcome for each path; a file that kills the process is reported."""
        try:
            return self._ask(chunk)
        except WorkerLostError:
            self.close()
            self._process = _start()
            self.open()
        if len(chunk) == 1:
            return [UndecodableError("it crashes the decoder")]
        return [outcome for path in chunk for outcome in self.decode([path])]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        with suppress(OSError):
            self._process.communicate()

    def _ask(self, chunk: Sequence[str]) -> list[Outcome]:
        self._send(chunk)
        line = self._pipes()[1].readline()
        if not line.endswith(b"\n"):
            raise WorkerLostError
        return [self._outcome(each) for each in json.loads(line)]

    def _outcome(self, answer: str | list[Any]) -> Outcome:
        if isinstance(answer, str):
            return UndecodableError(answer)
        count, remarks = answer
        expected = count * math.prod(self._shape) * self._dtype.itemsize
        content = self._pipes()[1].read(expected)
        if len(content) != expected:
            raise WorkerLostError
        rows = np.frombuffer(content, self._dtype).reshape(count, *self._shape)
        return Decoded(rows, tuple(remarks))

    def _send(self, message: object) -> None:
        requests = self._pipes()[0]
        try:
            requests.write(json.dumps(message).encode() + b"\n")
            requests.flush()
        except OSError as error:
            raise WorkerLostError from error

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        requests, replies = self._process.stdin, self._process.stdout
        assert requests is not None
        assert replies is not None
        return requests, replies


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


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
