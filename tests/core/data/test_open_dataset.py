"""What `open_dataset` makes of what people type."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_data import IMAGES, in_range, naming, open_images
from PIL import Image

from genzoo.data.arrays import checked, read_npz
from genzoo.errors import AmbiguousNameError, DataError, UnknownNameError, UsageError
from genzoo.interfaces.data_source import RawSamples
from genzoo.records import DatasetSpec
from genzoo.system import cache_folder as places
from genzoo.system.cache_folder import cache_root

GREY = np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8)
COLOUR = GREY[..., None].repeat(3, 3)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def paint(path: Path, colour: str = "red", size: tuple[int, int] = (8, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def animals(root: Path) -> Path:
    for name in ("cats/1.png", "cats/2.png", "dogs/1.png"):
        paint(root / name)
    return root


REGISTRY = naming(lambda: RawSamples(COLOUR))


def test_a_folder(tmp_path):
    dataset = open_images("animals") if animals(tmp_path / "animals") else None
    assert dataset is not None
    assert len(dataset) == 3
    assert dataset.rows.shape == (3, 8, 8, 3)
    assert not dataset.rows.flags.writeable
    assert (dataset.rows == [255, 0, 0]).all()
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [0, 0, 1]
    assert dataset.classes == ("cats", "dogs")
    assert dataset.spec.shape == (3, 8, 8)
    assert dataset.name == "animals"
    assert dataset.notes == ()


def test_only_a_conditional_spec_has_classes(tmp_path):
    folder = animals(tmp_path / "animals")
    assert open_images(folder).spec.classes == ()
    assert open_images(folder).batch(np.array([0]), in_range(-1, 1))[1] is None
    assert open_images(folder, conditional=True).spec.classes == ("cats", "dogs")


def test_conditional_without_labels(tmp_path):
    paint(tmp_path / "flat" / "a.png")
    with pytest.raises(UsageError, match="no labels to be conditional on"):
        open_images("flat", conditional=True)


def test_a_file_without_an_ending_beside_the_classes_does_not_take_the_labels(tmp_path):
    folder = animals(tmp_path / "animals")
    (folder / "LICENSE").write_text("free")
    dataset = open_images(folder, conditional=True)
    assert dataset.classes == ("cats", "dogs")
    assert dataset.notes == (
        "Skipped 1 file that cannot be read as an image: LICENSE (not an image).",
        "Classes: cats (2), dogs (1).",
    )


def test_a_class_that_loses_all_its_images_is_dropped(tmp_path):
    folder = animals(tmp_path / "animals")
    (folder / "ants").mkdir()
    (folder / "ants" / "1.png").write_bytes(b"no image")
    dataset = open_images(folder, conditional=True)
    assert dataset.classes == ("cats", "dogs")
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [0, 0, 1]
    assert "ants/1.png (not an image)" in dataset.notes[0]


def test_labels_keep_the_numbers_of_a_known_list(tmp_path):
    folder = animals(tmp_path / "animals")
    dataset = open_images(folder, classes=("dogs", "ants", "cats"), conditional=True)
    assert dataset.spec.classes == ("dogs", "ants", "cats")
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [2, 2, 0]


def test_a_class_added_later_is_refused_not_sorted_in(tmp_path):
    folder = animals(tmp_path / "animals")
    before = open_images(folder)
    paint(folder / "aardvarks" / "1.png")
    with pytest.raises(DataError, match="not there before: aardvarks"):
        open_images(folder, classes=before.classes)
    assert open_images(folder).fingerprint != before.fingerprint


@pytest.mark.parametrize("content", [b"", b"junk", b"\x93NUMPY\x01\x00\x10\x00"])
def test_an_array_file_that_is_damaged_is_told(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.npy' cannot be read as an \.npy file"):
        open_images(tmp_path / "a.npy")


def test_an_array_file_that_holds_objects_is_not_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"cannot be read as an \.npy file"):
        open_images(tmp_path / "a.npy")


def test_nothing_left(tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"No image in 'bad' can be read.*a\.png \(not an image\)"):
        open_images("bad")
    assert not list((cache_root() / "data").glob(".*"))


def test_cropping_and_enlarging_are_told(tmp_path):
    paint(tmp_path / "odd" / "a.png", size=(20, 8))
    paint(tmp_path / "odd" / "b.png", size=(200, 100))
    notes = open_images("odd").notes
    assert notes == (
        "Cropped 2 images to the middle square.",
        "Enlarged 1 image smaller than 64 pixels.",
    )
    assert open_images("odd").notes == notes


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(32, 32), (32, 32)], 32),
        ([(128, 128)], 128),
        ([(32, 32), (64, 64)], 64),
        ([(256, 256)], 64),
        ([(48, 48)], 64),
        ([(32, 16)], 64),
    ],
)
def test_the_default_size(tmp_path, sizes, expected):
    for number, size in enumerate(sizes):
        paint(tmp_path / "data" / f"{number}.png", size=size)
    (tmp_path / "data" / "LICENSE").write_text("not an image")
    assert open_images("data").spec.shape == (3, expected, expected)


@pytest.mark.parametrize(
    ("size", "shape"), [(50, (3, 50, 50)), ("24x16", (3, 16, 24)), ("8x8", (3, 8, 8))]
)
def test_images_are_made_any_size(size, shape):
    assert open_images(COLOUR, size=size).spec.shape == shape


@pytest.mark.parametrize("size", ["8x", "x8", "0", "8x8x8", "9000", "wide", -4])
def test_a_size_that_is_none(size):
    with pytest.raises(UsageError, match="size"):
        open_images(COLOUR, size=size)


def test_bad_channels_and_colours(tmp_path):
    with pytest.raises(UsageError, match="'channels' of the data does not accept 2"):
        open_images("anything", channels=2)
    with pytest.raises(UsageError, match="not a colour"):
        open_images("anything", background="whitish")


def test_the_background_is_part_of_the_fingerprint(tmp_path):
    (tmp_path / "data").mkdir()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "data" / "a.png")
    white, red = open_images("data"), open_images("data", background="#f00")
    assert (white.rows == 255).all()
    assert (red.rows == [255, 0, 0]).all()
    assert white.fingerprint != red.fingerprint


def test_asking_for_the_default_changes_no_fingerprint(tmp_path):
    folder = animals(tmp_path / "animals")
    assert open_images(folder).fingerprint == open_images(folder, size=8).fingerprint


def test_an_npz(tmp_path):
    np.savez(tmp_path / "a.npz", images=COLOUR, labels=[3, 3, 5, 3])
    dataset = open_images("a.npz", conditional=True)
    assert (dataset.rows == COLOUR).all()
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [0, 0, 1, 0]
    assert dataset.classes == ("3", "5")


def test_an_npz_with_names_for_labels(tmp_path):
    np.savez(tmp_path / "a.npz", pictures=GREY, labels=["b", "a", "b", "b"])
    dataset = open_images("a.npz")
    assert dataset.spec.shape == (1, 8, 8)
    assert dataset.classes == ("a", "b")
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [1, 0, 1, 1]


def test_an_npz_with_classes(tmp_path):
    np.savez(tmp_path / "a.npz", images=COLOUR, labels=[2, 0, 0, 0], classes=["z", "y", "x"])
    dataset = open_images("a.npz")
    assert dataset.classes == ("z", "y", "x")
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [2, 0, 0, 0]


def test_an_npz_is_resized_and_flattened(tmp_path):
    images = np.zeros((2, 8, 8, 4), np.uint8)
    np.savez(tmp_path / "a.npz", images=images)
    dataset = open_images("a.npz", size=16, background="blue")
    assert dataset.rows.shape == (2, 16, 16, 3)
    assert (dataset.rows == [0, 0, 255]).all()
    assert dataset.notes == ("Enlarged 2 images smaller than 16 pixels.",)


def test_grey_and_colour_on_request(tmp_path):
    np.savez(tmp_path / "a.npz", images=GREY)
    assert (open_images("a.npz", channels=3).rows == COLOUR).all()
    animals(tmp_path / "animals")
    grey = open_images("animals", channels=1)
    assert grey.rows.shape == (3, 8, 8, 1)
    assert (grey.rows == 76).all()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": COLOUR.astype(float)}, "float64, not uint8"),
        ({"images": COLOUR[..., :2]}, "have shape"),
        ({"images": COLOUR[:0]}, "have shape"),
        ({"a": COLOUR, "b": COLOUR}, "has no array named 'images', only: a, b"),
        ({"images": COLOUR, "labels": [1, 2]}, "labels of 'a.npz'"),
        ({"images": COLOUR, "labels": [0.5] * 4}, "labels of 'a.npz'"),
        ({"images": COLOUR, "labels": [0, 1, 2, 0], "classes": ["x", "y"]}, "from 0 to 1"),
        ({"images": COLOUR, "labels": [0, 1, 0, 0], "classes": ["x", "x"]}, "names repeat"),
        ({"images": np.array([{}] * 3)}, "cannot be read"),
    ],
)
def test_bad_arrays(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message):
        open_images("a.npz", conditional="classes" in arrays)


def npy_bytes() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, COLOUR)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04", npy_bytes()])
def test_a_damaged_npz(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"cannot be read as an \.npz"):
        open_images("a.npz")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_altered_npz_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "altered.npz"
    np.savez_compressed(path, images=COLOUR, labels=[0, 1, 0, 1])
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        raw = checked(read_npz(path, IMAGES), "altered", IMAGES)
    except DataError:
        return
    assert raw.samples.ndim == 4


def test_arrays_in_memory_are_used_as_they_are(tmp_path):
    dataset = open_images(COLOUR)
    assert np.shares_memory(dataset.rows, COLOUR)
    assert dataset.fingerprint == open_images(COLOUR.copy()).fingerprint
    assert dataset.fingerprint != open_images(COLOUR // 2).fingerprint
    assert open_images(COLOUR, size=16).rows.shape == (4, 16, 16, 3)


def test_a_registered_name():
    dataset = open_images("tiny", registry=REGISTRY)
    assert (dataset.rows == COLOUR).all()


def test_a_cached_registered_set_is_not_loaded_again(monkeypatch):
    first = open_images("tiny", registry=REGISTRY)

    def broken():
        raise AssertionError("loaded again")

    load = sys.modules[next(iter(REGISTRY[DatasetSpec].values())).record.target.partition(":")[0]]
    monkeypatch.setattr(load, "load", broken)
    again = open_images("tiny", registry=REGISTRY)
    assert (again.rows == first.rows).all()


def test_a_name_that_is_nothing_is_told_both_readings():
    both = r"neither a folder or \.npz file here nor a registered"
    with pytest.raises(UnknownNameError, match=both) as caught:
        open_images("tinny", registry=REGISTRY)
    assert "Did you mean tiny?" in caught.value.hint


def test_a_name_that_is_both_is_refused(tmp_path):
    animals(tmp_path / "tiny")
    with pytest.raises(AmbiguousNameError, match="both a path here and a registered"):
        open_images("tiny", registry=REGISTRY)
    assert len(open_images("./tiny", registry=REGISTRY)) == 3
    assert len(open_images(Path("tiny"), registry=REGISTRY)) == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.zip", "is an archive"),
        ("a.tar", "cannot be read after 0 samples"),
        ("a.txt", "is a file, but neither"),
    ],
)
def test_files_that_are_no_data(tmp_path, name, message):
    (tmp_path / name).write_text("x")
    with pytest.raises(DataError, match=message):
        open_images(name)


@pytest.mark.parametrize("name", ["", "x" * 5000, "a\0b"])
def test_absurd_names(name):
    with pytest.raises(UsageError):
        open_images(name, registry=REGISTRY)


def test_progress_reaches_the_total(tmp_path):
    animals(tmp_path / "animals")
    seen: list[tuple[str, int, int]] = []
    open_images("animals", progress=lambda *told: seen.append(told))
    assert seen == [("Reading animals", done, 3) for done in (1, 2, 3)]


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "own"))
    assert cache_root() == tmp_path / "own"
    monkeypatch.delenv("GENZOO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_root() == tmp_path / "xdg" / "genzoo"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(places.sys, "platform", "darwin")
    assert cache_root() == Path.home() / "Library" / "Caches" / "genzoo"
    monkeypatch.setattr(places.sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_root() == tmp_path / "local" / "genzoo" / "cache"


def test_opening_data_imports_no_torch(tmp_path):
    animals(tmp_path / "animals")
    code = (
        "import sys; from genzoo.data.open_dataset import open_dataset;"
        "from genzoo.media.image_kind import ImageKind, ImageOptions;"
        "open_dataset('animals', ImageKind(ImageOptions()));"
        "sys.exit(any(name in sys.modules for name in ('torch', 'torchvision')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
