"""What is refused before anything is decoded, and in which words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from image_data import image_kind, open_images
from points_kind import PointOptions, PointsKind
from shard_writer import picture, write_shard, write_shards

from genzoo.data import cache
from genzoo.data.open_dataset import open_dataset
from genzoo.data.refuse_before_decoding import Outline
from genzoo.errors import DataError, UsageError


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def nothing_is_decoded(monkeypatch):
    def build(*args):
        raise AssertionError("something is decoded")

    monkeypatch.setattr(cache, "build_entry", build)


def paint(*names: str) -> None:
    for number, name in enumerate(names):
        path = Path("data") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))


CATS, DOGS = [f"cat/{number}.png" for number in range(4)], ["dog/0.png", "dog/1.png"]


@pytest.mark.usefixtures("nothing_is_decoded")
@pytest.mark.parametrize(
    ("names", "message", "hint"),
    [
        (
            [*CATS, *DOGS, "0.png"],
            r"conditional on: 1 of 7 images is in no class folder \(0.png\).",
            "Move it into a class folder, or leave --conditional out.",
        ),
        (
            [*CATS, "0.png", "1.png"],
            r"2 of 6 images are in no class folder \(0.png, 1.png\).",
            "Sort the images into one folder per class, or leave --conditional out.",
        ),
        (["0.png", "1.png"], "all 2 images are in the folder itself.", "Sort the images"),
        (CATS, "all 4 images are in one folder, 'cat'.", "Sort the images"),
    ],
)
def test_why_a_folder_has_no_labels_is_said_before_it_is_decoded(names, message, hint):
    paint(*names)
    with pytest.raises(UsageError, match=message) as caught:
        open_images("data", conditional=True)
    assert caught.value.hint.startswith(hint)
    assert not list(Path("cache").rglob("rows.npy"))


@pytest.mark.usefixtures("nothing_is_decoded")
def test_a_model_with_classes_is_not_advised_an_option_of_training():
    paint("0.png", "1.png")
    with pytest.raises(UsageError, match="all 2 images are in the folder itself") as caught:
        open_images("data", conditional=True, classes=("cat", "dog"))
    assert caught.value.hint == "The model has classes: sort the images into cat, dog."


@pytest.mark.usefixtures("nothing_is_decoded")
def test_a_class_that_a_model_lacks_is_said_before_it_is_decoded():
    paint(*CATS, "ox/0.png")
    with pytest.raises(DataError, match="classes that were not there before: ox"):
        open_images("data", conditional=True, classes=("cat", "dog"))


@pytest.mark.usefixtures("nothing_is_decoded")
def test_why_shards_and_arrays_have_no_labels_is_said_before_they_are_decoded():
    write_shard(Path("a.tar"), {"0.png": picture(0), "0.cls": b"1", "1.png": picture(1)})
    with pytest.raises(UsageError, match="conditional on: 1 of 2 images has none"):
        open_images("a.tar", conditional=True)
    np.savez("a.npz", images=np.zeros((2, 8, 8, 3), np.uint8))
    with pytest.raises(UsageError, match="conditional on: it has no array 'labels'"):
        open_images("a.npz", conditional=True)


def test_what_is_said_of_data_that_are_decoded_already_is_the_same():
    paint(*CATS, "0.png")
    open_images("data")
    with pytest.raises(UsageError, match="1 of 5 images is in no class folder"):
        open_images("data", conditional=True)


@pytest.mark.parametrize("broken", ["LICENSE", "cover.png", "ox/0.png"])
def test_files_that_are_no_samples_stand_in_the_way_of_nothing(broken):
    paint(*CATS, *DOGS)
    (Path("data") / broken).parent.mkdir(exist_ok=True)
    (Path("data") / broken).write_text("no image")
    dataset = open_images("data", conditional=True, classes=("cat", "dog"))
    assert dataset.classes == ("cat", "dog")
    assert len(dataset) == 6


def outlines(data, kind, **options) -> list[Outline]:
    heard: list[Outline] = []
    open_dataset(data, kind, check=heard.append, **options)
    return heard


def test_what_is_known_before_is_told_once():
    paint(*CATS, *DOGS)
    (told,) = outlines("data", image_kind(), conditional=True)
    assert (told.name, told.most) == ("data", 6)
    assert told.spec.classes == ("cat", "dog")
    assert told.spec.shape == (3, 8, 8)
    assert outlines("data", image_kind(), conditional=True) == []


def test_how_many_samples_files_hold_is_not_known_of_every_kind():
    Path("points").mkdir()
    Path("points/a.csv").write_text("1,2\n3,4\n")
    (told,) = outlines("points", PointsKind(PointOptions()))
    assert told.most is None


def test_what_a_check_raises_ends_it_and_nothing_is_kept():
    write_shards(Path("shards"))

    def refuse(known):
        raise UsageError(f"{known.most} are too few.")

    with pytest.raises(UsageError, match="12 are too few"):
        open_images("shards", check=refuse)
    assert not list(Path("cache").rglob("rows.npy"))
