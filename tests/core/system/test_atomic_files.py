"""A reader sees the old content or the new, whatever happens to the writer."""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genzoo.errors import StorageError
from genzoo.system import atomic_files as files
from genzoo.system.atomic_files import (
    atomic_folder,
    atomic_write,
    is_leftover,
    remove_folder,
    remove_leftovers,
    storage_errors,
    sweep,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_write(tmp_path):
    target = tmp_path / "new" / "a.txt"
    for text in ("one", "two"):
        with atomic_write(target) as temporary:
            temporary.write_text(text)
        assert target.read_text() == text
    assert names(target.parent) == ["a.txt"]


def fill_and_fail(context, error):
    with context as temporary:
        (temporary / "new" if temporary.is_dir() else temporary).write_text("new")
        raise error


def test_failed_write_leaves_the_old(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ValueError, match="mine"):
        fill_and_fail(atomic_write(target), ValueError("mine"))
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_folder(tmp_path):
    target = tmp_path / "a"
    for name in ("one", "two"):
        with atomic_folder(target) as temporary:
            (temporary / "sub").mkdir()
            (temporary / "sub" / name).write_text(name)
        assert names(target / "sub") == [name]
    assert names(tmp_path) == ["a"]


def test_failed_folder_leaves_the_old(tmp_path):
    target = tmp_path / "a"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(KeyboardInterrupt):
        fill_and_fail(atomic_folder(target), KeyboardInterrupt())
    assert names(target) == ["old"]
    assert names(tmp_path) == ["a"]


def test_folder_without_exchange(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_exchange", lambda first, second: False)
    test_folder(tmp_path)


def test_folder_does_not_replace_a_file(tmp_path):
    target = tmp_path / "a"
    target.write_text("precious")
    match = "a file stands where a folder is due"
    with pytest.raises(StorageError, match=match), atomic_folder(target) as temporary:
        (temporary / "new").touch()
    assert target.read_text() == "precious"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission is denied"),
    ],
)
def test_failures_are_said_clearly(tmp_path, number, reason):
    target = tmp_path / "a"
    with pytest.raises(StorageError, match=reason) as caught:
        fill_and_fail(atomic_folder(target), OSError(number, os.strerror(number)))
    assert str(target) in caught.value.message
    assert caught.value.hint
    assert names(tmp_path) == []


def test_other_errors_pass_through(tmp_path):
    with pytest.raises(FileNotFoundError), storage_errors(tmp_path):
        (tmp_path / "absent").read_text()


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.is_char_device(), reason="no /dev/full")
def test_full_device(tmp_path):
    with (
        pytest.raises(StorageError, match="the disk is full"),
        storage_errors(tmp_path),
        FULL.open("wb", buffering=0) as file,
    ):
        file.write(b"x")


def test_parent_that_is_a_file(tmp_path):
    (tmp_path / "a").touch()
    match = "a file stands where a folder is due"
    with pytest.raises(StorageError, match=match), atomic_write(tmp_path / "a" / "b"):
        pass


def test_leftovers_are_removed(tmp_path):
    target = tmp_path / "a"
    for leftover in (".a.0123456789ab.tmp", ".b.0123456789ab.tmp"):
        (tmp_path / leftover).mkdir()
    (tmp_path / ".a.ba9876543210.tmp").touch()
    remove_leftovers(target)
    assert names(tmp_path) == [".b.0123456789ab.tmp"]


WRITER = """
import sys
from itertools import count
from pathlib import Path
from genzoo.system.atomic_files import atomic_folder
target = Path(sys.argv[1])
for generation in count():
    with atomic_folder(target) as temporary:
        for name in "abcd":
            (temporary / name).write_text(str(generation))
    print(generation, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_writer_leaves_one_whole_generation(tmp_path):
    choose = random.Random(0)
    target = tmp_path / "folder"
    for _ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE, text=True
        )
        with writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(choose.uniform(0, 0.03))
            writer.send_signal(signal.SIGKILL)
        generations = {(target / name).read_text() for name in "abcd"}
        assert len(generations) == 1
        assert names(target) == list("abcd")
    remove_leftovers(target)
    assert names(tmp_path) == ["folder"]


def test_a_folder_whose_removal_is_cut_short_is_gone_from_its_name(tmp_path, monkeypatch):
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "content").write_text("x")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        remove_folder(folder)
    (left,) = tmp_path.iterdir()
    assert is_leftover(left)
    sweep(tmp_path)
    assert not list(tmp_path.iterdir())
