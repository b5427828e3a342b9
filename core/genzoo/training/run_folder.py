"""The layout of a run's folder, the record that it starts from, and its lock."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from genzoo.errors import CheckpointError, DataError, UsageError
from genzoo.specs import Config, SampleSpec
from genzoo.system.atomic_files import (
    atomic_write,
    is_leftover,
    make_folder,
    require_writable,
    storage_errors,
    sweep,
)
from genzoo.system.plain_files import read_plain, refuse_links
from genzoo.system.strict_json import parse_json
from genzoo.training.training_config import RunPlan

LOCK = "run.lock"
"""A file that stays: the lock on it ends with the process that has it, however that ends."""


class DataRecord(Config):
    """What the data was when the run began. The class list is never sorted again."""

    name: str
    fingerprint: str
    count: int
    sample: SampleSpec


class RunRecord(Config):
    """The content of `run.json`.

    Version 1 knew data by the times of their files; runs of it are read, but cannot be resumed.
    """

    format_version: int = Field(2, ge=1, le=2)
    genzoo_version: str
    plan: RunPlan
    data: DataRecord


def check_resumable(record: RunRecord, run: Path) -> None:
    """Refuse a run of which it cannot be told whether its data are the same.

    Raises:
        DataError: It is so old.
    """
    if record.format_version < 2:
        raise DataError(
            f"{run} was begun by an older genzoo, which knew data by times and not by content.",
            "Its model can be used, but to train on, start a new run.",
        )


def check_known_data(record: RunRecord, fingerprint: str, run: Path) -> None:
    """Refuse data that are not what a run began with.

    Raises:
        DataError: They are not.
    """
    if fingerprint != record.data.fingerprint:
        raise DataError(
            f"The data has changed since {run} began, or is other data.",
            "Put it back as it was, or say where it is now: "
            f"genzoo train {record.plan.architecture.rpartition('/')[2]} DATA --resume {run}",
        )


@dataclass(frozen=True)
class RunFolder:
    """Paths inside a run's folder."""

    path: Path

    @property
    def record_file(self) -> Path:
        """What was asked for."""
        return self.path / "run.json"

    @property
    def metrics_file(self) -> Path:
        """One JSON object a line."""
        return self.path / "metrics.jsonl"

    @property
    def doctor_file(self) -> Path:
        """What the doctor found."""
        return self.path / "doctor.json"

    @property
    def samples(self) -> Path:
        """Sample grids by step."""
        return self.path / "samples"

    @property
    def checkpoints(self) -> Path:
        """Checkpoints by step."""
        return self.path / "checkpoints"

    @property
    def artifact(self) -> Path:
        """The model to use and to publish."""
        return self.path / "artifact"

    @property
    def best(self) -> Path:
        """The best model by a metric, where one is kept."""
        return self.path / "best"

    @property
    def is_free(self) -> bool:
        """Whether it is new or empty; what a run leaves that was killed before its record is so."""
        if not self.path.is_dir():
            return not self.path.exists()
        return all(is_leftover(path) or path.name == LOCK for path in self.path.iterdir())

    def check_free(self) -> None:
        """Refuse a folder that is in use or cannot be written to; writes nothing.

        Raises:
            UsageError: It holds something already.
            StorageError: It cannot be written to.
        """
        require_writable(self.path)
        if self.record_file.exists():
            raise UsageError(
                f"{self.path} holds a run already.",
                f"Go on with it: genzoo train --resume {self.path}, or choose another folder.",
            )
        if not self.is_free:
            raise UsageError(f"{self.path} is not empty.", "Choose another folder with -o.")

    def create(self) -> None:
        """Make the folder. What is in it is made when it is first needed.

        Raises:
            UsageError: It holds something already.
            StorageError: It cannot be made.
        """
        self.check_free()
        with storage_errors(self.path):
            make_folder(self.path)
        sweep(self.path)

    def write_record(self, record: RunRecord) -> None:
        """Write `run.json`."""
        with atomic_write(self.record_file) as temporary:
            temporary.write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")

    def read_record(self) -> RunRecord:
        """Read `run.json`.

        Raises:
            UsageError: This is not a run's folder.
            CheckpointError: The record is damaged.
        """
        try:
            text = read_plain(self.record_file)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UsageError(
                f"{self.path} is not a run: it has no run.json.", "Name the folder given to -o."
            ) from error
        except OSError as error:
            raise CheckpointError(
                f"{self.record_file} cannot be read: {error.strerror or error}."
            ) from error
        try:
            return RunRecord.model_validate_json(json.dumps(parse_json(text)))
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
        except ValueError as error:
            reason = str(error)
        raise CheckpointError(f"{self.record_file} is damaged: {reason}.")

    def check_plain(self) -> None:
        """Refuse a folder that would be written through: what is in it is plain files and folders.

        What trackers keep in folders of their own is theirs.

        Raises:
            UsageError: It holds a link, a pipe or a device, or a folder where a file is due.
        """
        folders = (self.samples, self.checkpoints, self.artifact, self.best)
        refuse_links(self.path, tuple(folder.name for folder in folders))
        for path in (self.record_file, self.metrics_file, self.doctor_file, *folders):
            if path.exists() and path.is_dir() != (path in folders):
                due = "folder" if path in folders else "file"
                raise UsageError(f"'{path}' is not a {due}.", "Move it away.")


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
