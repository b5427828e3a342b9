"""A full disk is called a full disk, wherever a pull meets it, and what has arrived is kept."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hub_server import HubServer
from published import NAME, publish

from genzoo.errors import StorageError
from genzoo.hub.cache import find_cached
from genzoo.hub.pull import plan_pull, pull
from genzoo.hub.reference import parse_reference
from genzoo.hub.single_file import here

TOY = parse_reference(NAME)


class _Disk:
    """Counts what is made below a folder; from some number on there is no room."""

    folder, room, made = "", 0, 0

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.folder or not _writes(event, arguments):
            return
        if not str(arguments[0]).startswith(self.folder):
            return
        self.made += 1
        if self.made > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(arguments[0]))


def _writes(event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "open":
        return bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
    return event in ("os.mkdir", "os.rename")


DISK = _Disk()
sys.addaudithook(DISK.hear)


@contextmanager
def room_for(count: int, folder: Path) -> Iterator[None]:
    DISK.folder, DISK.room, DISK.made = str(folder), count, 0
    try:
        yield
    finally:
        DISK.folder = ""


def refused(room: int, folder: Path, action: Callable[[], Path]) -> str | None:
    """What is said where so much can be made below a folder; None where that is enough."""
    try:
        with room_for(room, folder):
            action()
    except StorageError as error:
        return str(error)
    return None


def test_at_whatever_a_pull_writes_next(hub: HubServer, artifact: Path, tmp_path: Path) -> None:
    publish(hub, artifact)
    cache = tmp_path / "cache"
    refusals = []
    while (said := refused(len(refusals), cache, lambda: pull(plan_pull(TOY)))) is not None:
        refusals.append(said)
        if find_cached(TOY):
            shutil.rmtree(cache)
    assert len(refusals) > 12
    assert all("cannot be written: the disk is full" in said for said in refusals)
    assert (pull(plan_pull(TOY)) / "model.safetensors").is_file()


def test_at_whatever_a_single_file_needs(hub: HubServer, tmp_path: Path) -> None:
    hub.add("someone/weights").put("nested/some.pth", b"x" * 5000)
    address, refusals = "hf://someone/weights/nested/some.pth", []
    while (said := refused(len(refusals), tmp_path / "cache", lambda: here(address))) is not None:
        refusals.append(said)
    assert len(refusals) > 4
    assert all("cannot be written: the disk is full" in said for said in refusals)


@pytest.mark.parametrize("limit", [1, 1500, 3000])
def test_where_a_file_ends_in_the_middle(limit: int, hub: HubServer, artifact: Path) -> None:
    """The system itself takes a part of what is written, and nothing more."""
    pytest.importorskip("resource")
    publish(hub, artifact)
    code = (
        "import resource\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "from genzoo.hub.pull import plan_pull, pull\n"
        "from genzoo.hub.reference import parse_reference\n"
        "from genzoo.errors import StorageError\n"
        "try:\n"
        f"    pull(plan_pull(parse_reference('{NAME}')))\n"
        "except StorageError as error:\n"
        "    print(error)"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, env=os.environ, text=True, check=True)
    assert "cannot be written: the file would be too large" in result.stdout
    if limit > 2000:
        partial = next((artifact.parent / "cache").rglob("model.safetensors.part"))
        whole = (artifact / "model.safetensors").read_bytes()
        assert partial.read_bytes() == whole[: partial.stat().st_size]
        hub.ranges.clear()
        assert (pull(plan_pull(TOY)) / "model.safetensors").read_bytes() == whole
        assert hub.ranges == [f"bytes={limit}-"]
