"""Data are the same where their content is, and other data where anything is other."""

from __future__ import annotations

import os
import shutil
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
from image_data import naming, open_images
from points_kind import PointOptions, PointsKind
from shard_writer import picture, write_shard

from genzoo.data import content_digests, find_source
from genzoo.data.fingerprint import array_identity, fingerprint
from genzoo.errors import DataError
from genzoo.interfaces.data_source import RawSamples
from genzoo.media.image_kind import ImageKind, ImageOptions

IMAGES = np.arange(4 * 8 * 8 * 3, dtype=np.uint8).reshape(4, 8, 8, 3)
LABELS = np.array([0, 1, 1, 0])


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def settled(monkeypatch):
    """Digests are kept even of files that were written a moment ago."""
    monkeypatch.setattr(content_digests, "SETTLED", -1e6)


def folder(name: str = "data") -> str:
    for number in range(4):
        path = Path(name) / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    return name


def shards(name: str = "data") -> str:
    for shard in range(2):
        files = {f"{shard}{at}.png": picture(shard * 2 + at) for at in range(2)}
        labels = {f"{shard}{at}.cls": str(at).encode() for at in range(2)}
        write_shard(Path(name) / f"{shard}.tar", {**files, **labels})
    Path(name, "classes.txt").write_text("even\nodd\n", encoding="utf-8")
    return name


def arrays(name: str = "data.npz", **changed: object) -> str:
    content = {"images": IMAGES, "labels": LABELS, "classes": ["x", "y"], **changed}
    np.savez(name, **content)
    return name


def array(name: str = "data.npy") -> str:
    np.save(name, IMAGES)
    return name


def tables(name: str = "data", count: int = 4, names: tuple[str, ...] = ("x", "y")) -> str:
    datasets = pytest.importorskip("datasets")
    columns = {
        "image": [{"bytes": picture(number), "path": None} for number in range(count)],
        "label": [number % 2 for number in range(count)],
    }
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=list(names))}
    )
    rows = datasets.Dataset.from_dict(columns, features=features)
    Path(name).mkdir(exist_ok=True)
    rows.to_parquet(f"{name}/rows.parquet")
    return name


def known(data: object, **options: object) -> str:
    return open_images(data, **options).fingerprint


def other(path: str, at: int = 0) -> None:
    """Other content of the same size, under the same name and with the same times."""
    before = Path(path).stat()
    content = bytearray(Path(path).read_bytes())
    content[at] ^= 1
    time.sleep(0.02)
    Path(path).write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap(first: str, second: str) -> None:
    Path(first).rename("third")
    Path(second).rename(first)
    Path("third").rename(second)


CHANGES = {
    "folder: content": (folder, lambda: other("data/a/0.png")),
    "folder: contents change places": (folder, lambda: swap("data/a/0.png", "data/a/2.png")),
    "folder: name": (folder, lambda: Path("data/a/0.png").rename("data/a/9.png")),
    "folder: class": (folder, lambda: Path("data/a").rename("data/c")),
    "folder: class, in the same order": (folder, lambda: Path("data/a").rename("data/aa")),
    "folder: of another class, in the same order": (
        folder,
        lambda: Path("data/a/2.png").rename("data/b/0.png"),
    ),
    "folder: more": (folder, lambda: shutil.copy("data/a/0.png", "data/a/4.png")),
    "folder: less": (folder, lambda: Path("data/a/0.png").unlink()),
    "shards: content": (shards, lambda: other("data/1.tar", 520)),
    "shards: order": (shards, lambda: swap("data/0.tar", "data/1.tar")),
    "shards: less": (shards, lambda: Path("data/1.tar").unlink()),
    "shards: class names": (shards, lambda: Path("data/classes.txt").write_text("a\nodd\n")),
    "shards: class order": (shards, lambda: Path("data/classes.txt").write_text("odd\neven\n")),
    "arrays: images": (arrays, lambda: arrays(images=IMAGES[::-1])),
    "arrays: labels": (arrays, lambda: arrays(labels=1 - LABELS)),
    "arrays: class names": (arrays, lambda: arrays(classes=["x", "z"])),
    "arrays: class order": (arrays, lambda: arrays(classes=["y", "x"])),
    "array: content": (array, lambda: other("data.npy", 200)),
    "arrays: less": (arrays, lambda: arrays(images=IMAGES[:3], labels=LABELS[:3])),
    "parquet: less": (tables, lambda: tables(count=3)),
    "parquet: class names": (tables, lambda: tables(names=("x", "z"))),
    "parquet: class order": (tables, lambda: tables(names=("y", "x"))),
}


@pytest.mark.parametrize(("make", "change"), CHANGES.values(), ids=list(CHANGES))
def test_each_change_of_content_makes_other_data(settled, make, change):
    data = make()
    ways = [{}] if make in (array, arrays) else [{}, {"stream": True}]
    before = [known(data, **way) for way in ways]
    assert [known(data, **way) for way in ways] == before
    change()
    assert not {known(data, **way) for way in ways} & set(before)


def _again(name: str) -> str:
    """Copied without its times."""
    target = f"copy{Path(name).suffix}"
    if Path(name).is_dir():
        shutil.copytree(name, target, copy_function=shutil.copyfile)
    else:
        shutil.copyfile(name, target)
    return target


def _unpacked(name: str) -> str:
    with tarfile.open("packed", "w") as archive:
        archive.add(name)
    with tarfile.open("packed") as archive:
        archive.extractall("there", filter="data")
    return f"there/{name}"


def _touched(name: str) -> str:
    for path in [Path(name), *Path(name).rglob("*")]:
        os.utime(path, (1, 1))
    return name


def _moved(name: str) -> str:
    Path("disk").mkdir()
    return str(Path(name).rename(Path("disk") / f"another{Path(name).suffix}"))


@pytest.mark.parametrize("move", [_again, _unpacked, _touched, _moved])
@pytest.mark.parametrize("make", [folder, shards, arrays, tables])
def test_the_same_content_is_the_same_data_wherever_and_whenever_it_was_written(make, move):
    before = known(make(), size=8)
    rows = list(Path("cache").rglob("rows.npy"))
    assert len(rows) == 1
    assert known(move("data.npz" if make is arrays else "data"), size=8) == before
    assert list(Path("cache").rglob("rows.npy")) == rows


def test_data_of_fixed_times_do_not_get_the_decoded_copy_of_others():
    for name, value in (("red", 9), ("blue", 7)):
        Path(name).mkdir()
        Path(name, "0.bmp").write_bytes(picture(value, ending="BMP"))
        os.utime(Path(name, "0.bmp"), (0, 0))
    red, blue = open_images("red"), open_images("blue")
    assert red.fingerprint != blue.fingerprint
    assert (red.rows[0, 0, 0, 0], blue.rows[0, 0, 0, 0]) == (9, 7)


@pytest.mark.parametrize("make", [folder, shards, arrays, tables])
def test_the_second_time_nothing_is_read_for_it(settled, monkeypatch, make):
    data = make()
    first = known(data)
    for name in ("read_arrays", "_digest"):
        module = find_source if name == "read_arrays" else content_digests
        monkeypatch.setattr(module, name, None)
    assert known(data) == first


def test_files_written_a_moment_ago_are_read_again(monkeypatch):
    # Another change within the grain of the file system's clock would not show.
    data = folder()
    known(data)
    read = []
    real = content_digests._digest
    monkeypatch.setattr(content_digests, "_digest", lambda path: read.append(path) or real(path))
    known(data)
    assert len(read) == 4


def test_files_of_old_times_that_were_written_a_moment_ago_are_read_again(monkeypatch):
    # What unpacks or copies files sets the time of their content, which tells nothing of now.
    data = folder()
    for path in Path(data).rglob("*.png"):
        os.utime(path, (0, 0))
    known(data)
    read = []
    real = content_digests._digest
    monkeypatch.setattr(content_digests, "_digest", lambda path: read.append(path) or real(path))
    known(data)
    assert len(read) == 4


@pytest.mark.parametrize(("field", "at"), [("content", 8), ("status", 16)])
def test_a_file_is_settled_when_both_of_its_times_are_old(field, at):
    status = bytearray(content_digests.status_of(Path().stat(), "x"))
    status[8:24] = bytes(16)
    assert content_digests.is_settled(bytes(status), now=100.0)
    status[at : at + 8] = int(99e9).to_bytes(8, "big")
    assert not content_digests.is_settled(bytes(status), now=100.0), field


def test_only_files_that_look_changed_are_read_again(settled, monkeypatch):
    data = folder()
    first = known(data)
    read = []
    real = content_digests._digest
    monkeypatch.setattr(content_digests, "_digest", lambda path: read.append(path) or real(path))
    Path("data/a/0.png").touch()
    assert known(data) == first
    assert read == [Path("data/a/0.png")]


@pytest.mark.parametrize("damage", [b"", b"junk", b"\x93NUMPY\x01\x00"])
def test_digests_that_are_damaged_are_made_again(settled, damage):
    data = folder()
    first = known(data)
    for path in Path("cache/digests").iterdir():
        path.write_bytes(damage)
    assert known(data) == first


def test_arrays_are_the_same_data_in_memory_in_a_file_and_under_a_name(registry_of):
    kept = known(arrays())
    raw = RawSamples(IMAGES, LABELS, ("x", "y"))
    assert known(raw) == kept
    assert known("mine", registry=registry_of(raw)) == kept
    assert known(np.asfortranarray(IMAGES)) == known(IMAGES)
    np.save("plain.npy", IMAGES)
    assert known("plain.npy") == known(IMAGES)


@pytest.fixture
def registry_of():
    """A registry that knows one data set, in the version asked for."""
    return lambda raw, version="1": naming(lambda: raw, "mine", version)


def test_a_registered_data_set_is_looked_at_again_when_its_version_changes(registry_of):
    first = known("mine", registry=registry_of(RawSamples(IMAGES)))
    changed = RawSamples(IMAGES[::-1])
    assert known("mine", registry=registry_of(changed, "2")) != first
    assert known("mine", registry=registry_of(RawSamples(IMAGES), "3")) == first


@pytest.mark.parametrize(
    ("samples", "labels", "classes"),
    [
        (IMAGES[::-1], LABELS, ("x", "y")),
        (IMAGES.reshape(4, 8, 3, 8), LABELS, ("x", "y")),
        (IMAGES.view(np.int8), LABELS, ("x", "y")),
        (IMAGES, 1 - LABELS, ("x", "y")),
        (IMAGES, None, ()),
        (IMAGES, LABELS, ("y", "x")),
        (IMAGES, LABELS, ("x", "y", "z")),
        (IMAGES, LABELS, ("xy",)),
    ],
)
def test_the_identity_of_arrays_has_everything_in_it(samples, labels, classes):
    assert array_identity(samples, labels, classes) != array_identity(IMAGES, LABELS, ("x", "y"))


def test_the_fingerprint_has_everything_about_the_decoding_in_it():
    class Newer(ImageKind):
        __module__ = ImageKind.__module__
        version = ImageKind.version + 1

    class Named(ImageKind):
        __module__ = ImageKind.__module__
        name = "photo"

    class Elsewhere(ImageKind):
        __module__ = "another_package.kinds"

    kinds = [
        ImageKind(ImageOptions(size=8)),
        ImageKind(ImageOptions(size=16)),
        ImageKind(ImageOptions(size=8, channels=1)),
        ImageKind(ImageOptions(size=8, background="red")),
        *(each(ImageOptions(size=8)) for each in (Newer, Named, Elsewhere)),
        PointsKind(PointOptions()),
    ]
    found = [fingerprint(identity, kind) for identity in ("one", "two") for kind in kinds]
    assert len(set(found)) == 2 * len(kinds)


@pytest.mark.parametrize("make", [folder, shards])
def test_data_that_change_while_they_are_decoded_are_not_kept(make):
    def meddle(what: str, done: int, total: int) -> None:
        if done == total:
            other(*(("data/a/0.png", 0) if make is folder else ("data/0.tar", 520)))

    with pytest.raises(DataError, match="'data' was changed while it was decoded"):
        open_images(make(), progress=meddle)
    assert not list(Path("cache").rglob("rows.npy"))
