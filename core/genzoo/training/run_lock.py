"""One process at a time trains in a run's folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from genzoo.atomic_files import storage_errors
from genzoo.errors import UsageError

LOCK = "run.lock"
"""A file that stays: the lock on it ends with the process that has it, however that ends."""


@contextmanager
def only_trainer(folder: Path, note: Callable[[str], None]) -> Iterator[None]:
    """Keep other processes, and other trainings of this one, out of the run in `folder`.

    Args:
        folder: The run's folder, which is there.
        note: Told where the file system, such as some network disks, has no locks.

    Raises:
        StorageError: The lock's file cannot be made.
        UsageError: The run is in training.
    """
    path = folder / LOCK
    with storage_errors(path):
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(path, flags, 0o666)
    try:
        if not _lock(handle, folder):
            note(f"Nothing keeps others from training in {folder}: its disk has no locks.")
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> bool:
    """False where there are no locks."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(
            f"{folder} is in training already, by another process or thread.",
            "Wait until it ends, or stop it first.",
        ) from None
    except (ImportError, OSError):
        return False
    return True
