"""What a service that keeps many runs is told of one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from genzoo.atomic_files import atomic_write
from genzoo.interfaces.run_description import RunDescription
from genzoo.plain_files import read_plain

MOST_BYTES = 200
"""Bytes of a name that is remembered."""


def identity(path: Path, make: Callable[[], str]) -> str:
    """The name that a service has for a run: as `path` remembers it, else a new one from `make`.

    A run that is resumed thus goes on where the service has it.

    Raises:
        StorageError: `path` cannot be written.
    """
    with suppress(OSError, ValueError):
        if known := read_plain(path, MOST_BYTES).decode("ascii").strip():
            return known
    name = make()
    with atomic_write(path) as temporary:
        temporary.write_text(f"{name}\n")
    return name


def options(run: RunDescription) -> dict[str, Any]:
    """All options of a run on one level, as `training.steps`."""
    names = {"architecture": run.architecture, "objective": run.objective, "data": run.data}
    return names | {
        f"{section}.{name}": value
        for section, values in run.settings.items()
        for name, value in values.items()
    }
