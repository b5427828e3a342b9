"""Decoded once, whole or not at all."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from image_data import open_images
from PIL import Image

from genzoo.data import cache_writer as entry
from genzoo.data import decoder_pool as pool
from genzoo.data.cache import ABANDONED, read_entry
from genzoo.errors import StorageError
from genzoo.interfaces.decoded import Layout


@pytest.fixture
def folder(tmp_path) -> Path:
    for number in range(4):
        path = tmp_path / "images" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    return tmp_path / "images"


@pytest.fixture
def cache(tmp_path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def decoded(monkeypatch) -> list[Path]:
    """The files decoded so far."""
    seen: list[Path] = []
    real = pool.attempt

    def counting(kind, path):
        seen.append(path)
        return real(kind, path)

    monkeypatch.setattr(pool, "attempt", counting)
    return seen


def leftovers(cache: Path) -> list[Path]:
    return list((cache / "data").glob(".*"))


def test_the_second_time_nothing_is_decoded(folder, cache, decoded):
    first = open_images(folder, cache=cache)
    assert len(decoded) == 4
    second = open_images(folder, cache=cache)
    assert len(decoded) == 4
    assert (first.rows == second.rows).all()
    assert second.labels is not None
    assert second.labels.tolist() == [0, 0, 1, 1]
    assert second.classes == ("a", "b")
    assert first.fingerprint == second.fingerprint
    assert not leftovers(cache)


def test_a_changed_file_is_decoded_again(folder, cache):
    before = open_images(folder, cache=cache)
    Image.new("RGB", (8, 8), (99, 0, 0)).save(folder / "a" / "0.png")
    os.utime(folder / "a" / "0.png", ns=(5, 5))
    after = open_images(folder, cache=cache)
    assert after.fingerprint != before.fingerprint
    assert after.rows[0, 0, 0, 0] == 99


def test_the_header_has_room_for_any_number_of_images(tmp_path):
    for count in (0, 1, 10**12):
        with (tmp_path / "x").open("wb") as file:
            entry._write_header(file, count, Layout((64, 64, 3), "uint8"))
            assert file.tell() == 128


@pytest.mark.parametrize(
    "damage",
    [
        lambda place: os.truncate(place / "rows.npy", 500),
        lambda place: os.truncate(place / "rows.npy", 5000),
        lambda place: (place / "rows.npy").unlink(),
        lambda place: (place / "rows.npy").write_bytes(b"junk"),
        lambda place: (place / "labels.npy").write_bytes(b""),
        lambda place: np.save(place / "labels.npy", np.array([0, 0, 1, 2])),
        lambda place: np.save(place / "labels.npy", np.array([0, 0, 1])),
        lambda place: (place / "meta.json").write_text("{"),
        lambda place: (place / "meta.json").write_text("[]"),
    ],
)
def test_a_damaged_entry_is_built_again(folder, cache, decoded, damage):
    first = open_images(folder, cache=cache)
    images = first.rows.copy()
    place = cache / "data" / first.fingerprint
    damage(place)
    assert read_entry(place) is None
    again = open_images(folder, cache=cache)
    assert len(decoded) == 8
    assert (again.rows == images).all()
    assert not leftovers(cache)


def test_a_full_disk_is_told_and_leaves_nothing(folder, cache, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(entry, "_write_rows", full)
    with pytest.raises(StorageError, match="the disk is full") as caught:
        open_images(folder, cache=cache)
    assert "GENZOO_CACHE" in caught.value.hint
    assert not leftovers(cache)


def test_a_cache_that_cannot_be_made_is_told(folder, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match="cannot be written"):
        open_images(folder, cache=tmp_path / "file" / "cache")


BUILD = """
import sys, time
from pathlib import Path
from genzoo.data.open_dataset import open_dataset
from genzoo.media.image_kind import ImageKind, ImageOptions
folder, cache, pause = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
def progress(what, done, total):
    print(done, flush=True)
    time.sleep(pause)
dataset = open_dataset(folder, ImageKind(ImageOptions()), cache=cache, progress=progress)
print("sum", int(dataset.rows.sum()))
"""


def build(folder: Path, cache: Path, pause: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(folder), str(cache), str(pause)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_killed_build_leaves_nothing_that_counts(folder, cache):
    with build(folder, cache, pause=60) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        process.send_signal(signal.SIGKILL)
    unfinished = leftovers(cache)
    assert len(unfinished) == 1
    dataset = open_images(folder, cache=cache)
    assert len(dataset) == 4
    # Too young to be swept: it may belong to a living process.
    assert leftovers(cache) == unfinished

    long_ago = time.time() - 2 * ABANDONED
    for path in [*unfinished[0].iterdir(), unfinished[0]]:
        os.utime(path, (long_ago, long_ago))
    open_images(folder, cache=cache, size=16)
    assert not leftovers(cache)


def test_two_processes_build_the_same_entry(folder, cache):
    processes = [build(folder, cache, pause=0.1) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0].split("\n") for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert [output[-2] for output in outputs] == [f"sum {(0 + 1 + 2 + 3) * 64}"] * 2
    assert not leftovers(cache)


def test_an_entry_finished_by_another_in_the_meantime_is_used(folder, cache):
    def progress(what, done, total):
        if done == 2:
            open_images(folder, cache=cache)

    dataset = open_images(folder, cache=cache, progress=progress)
    assert dataset.rows[:, 0, 0, 0].tolist() == [0, 2, 1, 3]
    assert not leftovers(cache)


def test_ctrl_c_while_decoding_leaves_nothing(folder, cache):
    def progress(what, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_images(folder, cache=cache, progress=progress)
    assert not leftovers(cache)
