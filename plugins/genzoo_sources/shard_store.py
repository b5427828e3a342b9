"""Shards from afar, of which a few lie on this machine at a time.

What is announced is fetched ahead, in the order in which it will be needed, and what is no longer
needed is removed. Processes of one machine share the files: one fetches while the others wait, and
each keeps open what it reads, so that none minds when another removes a file.
"""

from __future__ import annotations

import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from weakref import finalize, ref

from genzoo import StorageError, settle, storage_errors
from genzoo_sources.reader import Patience

AT_ONCE = 4
"""Shards that are fetched at a time."""

ABANDONED = 3600.0
"""Seconds without a write after which a file is taken to be left by a killed run."""

LOCKS = 16
"""Lock files that all shards share."""

HINT = "Free some space, or set GENZOO_CACHE to a folder that can be written."

Fetch = Callable[[int, Path], None]
"""Writes a shard, by its number, to a new file."""


class ShardStore:
    """The shards of a data set that lie on this machine.

    Args:
        folder: Where; other processes may use it for the same data.
        fetch: Gets one; called in threads, several at once.
        capacity: How many may lie there, besides one for each thread that reads something that was
            not announced.
        patience: That of `fetch`, which ends with the store.
    """

    def __init__(self, folder: Path, fetch: Fetch, capacity: int, patience: Patience) -> None:
        self.folder = folder
        self._fetch = fetch
        self._capacity = capacity
        self._lock = Lock()
        self._held: OrderedDict[int, Future[HeldShard]] = OrderedDict()
        self._wanted: tuple[int, ...] = ()
        self._queue: SimpleQueue[tuple[int, Future[HeldShard]] | None] = SimpleQueue()
        self._started = False
        # Not only the process's: one may have several stores of a folder, one after another.
        self._ending = f".{secrets.token_hex(6)}.part"
        sweep(folder.parent)
        finalize(self, _end, folder, self._ending, patience, self._queue)

    def prepare(self, shards: Sequence[int]) -> None:
        """Announce the shards that are needed from now on, those needed first to begin with."""
        wanted = tuple(dict.fromkeys(shards))
        with self._lock:
            if wanted == self._wanted and all(not _failed(self._held.get(s)) for s in wanted):
                return
            self._wanted = wanted
            for shard in [each for each in self._held if each not in wanted]:
                self._drop(shard)
            for shard in wanted:
                self._shard(shard)

    def read(self, shard: int, offset: int, size: int) -> bytes:
        """Bytes of a shard, which is fetched unless it is here; fewer where it ends.

        Raises:
            DataError: It cannot be had.
            StorageError: It cannot be written, or not be read again.
        """
        with _disk_errors(self._path(shard)):
            return self.shard(shard).read(offset, size)

    def shard(self, shard: int) -> HeldShard:
        """A shard, which is fetched unless it is here; see `read`."""
        while True:
            with self._lock:
                future = self._shard(shard)
                self._make_room(shard)
            try:
                return future.result()
            except CancelledError:
                # It was no longer announced when it was due.
                continue

    def _shard(self, shard: int) -> Future[HeldShard]:
        """Have it fetched, if need be. What failed is tried again."""
        future = self._held.get(shard)
        if future is None or _failed(future):
            future = self._held[shard] = Future()
            self._tidy()
            self._start()
            self._queue.put((shard, future))
        self._held.move_to_end(shard)
        return future

    def _make_room(self, shard: int) -> None:
        """Let go of what was used longest ago and was not announced."""
        idle = [each for each in self._held if each not in self._wanted and each != shard]
        for each in idle[: max(0, len(self._held) - self._capacity)]:
            self._drop(each)

    def _drop(self, shard: int) -> None:
        future = self._held[shard]
        if future.running():
            return
        del self._held[shard]
        if not future.cancel():
            with suppress(OSError):
                self._path(shard).unlink(missing_ok=True)

    def _tidy(self) -> None:
        """Remove what other runs of the same data left, the oldest first."""
        keep = {self._path(shard).name for shard in self._held}
        files = [path for path in _shards_in(self.folder) if path.name not in keep]
        surplus = len(files) + len(keep) - self._capacity
        for path in sorted(files, key=_written)[: max(0, surplus)]:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _path(self, shard: int) -> Path:
        return self.folder / f"{shard:06d}"

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        for _ in range(AT_ONCE):
            # None of them may keep the store, or the interpreter at its end, from going.
            work = partial(_work, ref(self), self._queue)
            Thread(target=work, name="genzoo-shards", daemon=True).start()

    def fetched(self, shard: int) -> HeldShard:
        """Get a shard from the folder, or from afar."""
        from huggingface_hub.utils import WeakFileLock

        path = self._path(shard)
        with _disk_errors(path):
            self.folder.mkdir(parents=True, exist_ok=True)
            with WeakFileLock(self.folder / f".{shard % LOCKS:02d}.lock"):
                while True:
                    # Another may remove it between its arrival and its opening.
                    with suppress(FileNotFoundError):
                        return HeldShard(path)
                    self._bring(shard, path)

    def _bring(self, shard: int, path: Path) -> None:
        arriving = self.folder / f".{shard:06d}{self._ending}"
        try:
            self._fetch(shard, arriving)
            # After a power cut a later run may find it, and takes it to be whole.
            settle(arriving, path)
        finally:
            with suppress(OSError):
                arriving.unlink(missing_ok=True)


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    """Raise a StorageError for whatever this machine's disk refuses."""
    try:
        with storage_errors(path):
            yield
    except StorageError as error:
        raise StorageError(error.message, HINT) from error
    except OSError as error:
        message = f"'{path}' cannot be kept: {error.strerror or error}."
        raise StorageError(message, HINT) from error


def sweep(folder: Path) -> None:
    """Remove what killed runs left in the folders of stores. Runs keep open what they use."""
    for path in folder.glob("*/*"):
        if path.suffix != ".lock" and time.time() - _written(path) > ABANDONED:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _work(store: ref[ShardStore], queue: SimpleQueue[tuple[int, Future[HeldShard]] | None]) -> None:
    while (task := queue.get()) is not None:
        shard, future = task
        if not future.set_running_or_notify_cancel():
            continue
        _settle(store(), shard, future)
        del task, future


def _settle(store: ShardStore | None, shard: int, future: Future[HeldShard]) -> None:
    try:
        if store is None:
            raise CancelledError
        future.set_result(store.fetched(shard))
    except BaseException as error:  # it is raised where the shard is read
        future.set_exception(error)


def _failed(future: Future[HeldShard] | None) -> bool:
    return future is None or (
        future.done() and (future.cancelled() or future.exception() is not None)
    )


def _end(
    folder: Path,
    ending: str,
    patience: Patience,
    queue: SimpleQueue[tuple[int, Future[HeldShard]] | None],
) -> None:
    """End the threads, and remove what they fetched. Others that need it fetch it again."""
    patience.stopped.set()
    for _ in range(AT_ONCE):
        queue.put(None)
    for path in (*_shards_in(folder), *folder.glob(f".*{ending}")):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _shards_in(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*") if not path.name.startswith(".")]


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()


class HeldShard:
    """A file, kept open: other processes may remove it while it is in use here.

    Args:
        path: The file.

    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self.size = os.fstat(self._file).st_size
        finalize(self, os.close, self._file)

    def read(self, offset: int, size: int) -> bytes:
        """Bytes from `offset` on; fewer where the file ends. Safe in several threads at once."""
        pieces = []
        while size > 0 and (piece := self._read(offset, size)):
            pieces.append(piece)
            offset, size = offset + len(piece), size - len(piece)
        return b"".join(pieces)

    def _read(self, offset: int, size: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._file, size, offset)
        with self._lock:
            os.lseek(self._file, offset, os.SEEK_SET)
            return os.read(self._file, size)
