"""Folders of splits, and which classes are said to be there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from image_data import IMAGES, open_images
from shard_writer import picture, write_shard

from genzoo.data.data_notes import class_counts
from genzoo.errors import DataError
from genzoo.interfaces.data_source import RawSamples


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def paint(*paths: str) -> None:
    for value, path in enumerate(paths):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(picture(value))


@pytest.mark.parametrize("root", ["d", "d/outer"])
@pytest.mark.parametrize("train", ["train", "Training"])
def test_of_splits_the_one_to_train_on_is_read_and_that_is_said(root, train):
    names = [
        f"{root}/{split}/{kind}/{at}.png"
        for split in (train, "val")
        for kind in ("b", "a")
        for at in range(2)
    ]
    paint(*names)
    dataset = open_images("d", conditional=True)
    assert dataset.classes == ("a", "b")
    assert dataset.rows[:, 0, 0, 0].tolist() == [2, 3, 0, 1]
    assert dataset.notes == (
        f"Read '{train}' alone; in 'd' another split is left out: val.",
        "Classes: a (2), b (2).",
    )
    alone = open_images(f"{root}/{train}", conditional=True)
    assert alone.fingerprint == dataset.fingerprint


def test_splits_without_classes_are_no_classes():
    paint("d/train/1.png", "d/test/2.png", "d/valid/3.png")
    dataset = open_images("d")
    assert (len(dataset), dataset.labels) == (1, None)
    assert dataset.notes == (
        "Read 'train' alone; in 'd' 2 other splits are left out: test, valid.",
    )


def test_splits_of_which_none_is_to_train_on_have_to_be_named():
    paint("d/val/a/1.png", "d/test/a/2.png")
    with pytest.raises(DataError, match="holds the splits test, val, and not one to train on") as e:
        open_images("d")
    assert "such as those of test" in e.value.hint


@pytest.mark.parametrize(
    "paths",
    [
        ("d/train/1.png", "d/plane/2.png"),
        ("d/train/1.png", "d/val/2.png", "d/loose.png"),
        ("d/train/1.png", "d/train/2.png"),
        ("d/a/train/1.png", "d/b/val/2.png"),
    ],
)
def test_what_is_no_set_of_splits_is_read_as_a_whole(paths):
    paint(*paths)
    assert len(open_images("d")) == len(paths)


def test_shards_named_after_splits_and_folders_of_splits_in_a_shard():
    for name, value in {"x-train-0": 1, "x-train-1": 2, "x-val-0": 3}.items():
        write_shard(Path("d", f"{name}.tar"), {"1.png": picture(value)})
    dataset = open_images("d")
    assert dataset.rows[:, 0, 0, 0].tolist() == [1, 2]
    assert dataset.notes == ("Read 'train' alone; in 'd' another split is left out: val.",)
    assert len(open_images("d/x-val-0.tar")) == 1

    names = [f"top/{split}/{kind}.1.png" for split in ("val", "train") for kind in ("b/", "a/")]
    names = [name.replace("/.1", "/x.1") for name in names]
    write_shard(Path("d.tar"), {name: picture(at) for at, name in enumerate(names)})
    dataset = open_images("d.tar", conditional=True)
    assert dataset.rows[:, 0, 0, 0].tolist() == [2, 3]
    assert dataset.classes == ("a", "b")
    assert dataset.notes[0] == "Read 'train' alone; in 'd.tar' another split is left out: val."
    streamed = open_images("d.tar", conditional=True, stream=True)
    assert streamed.labels.tolist() == [1, 0]


@pytest.mark.parametrize("names", [["train-0", "plane-0"], ["train-0", "train-1"], ["a", "val"]])
def test_shards_of_other_names_are_all_read(names):
    for name in names:
        write_shard(Path("d", f"{name}.tar"), {"train/1.png": picture(1)})
    assert len(open_images("d")) == 2


def test_a_list_of_files_is_read_as_it_is():
    paths = ["d/train/1.png", "d/val/2.png"]
    paint(*paths)
    assert len(open_images(paths)) == 2


def test_classes_are_said_with_the_number_of_each():
    images = np.zeros((6, 8, 8, 3), np.uint8)
    raw = RawSamples(images, np.array([0, 2, 2, 0, 0, 0]), ("x", "none", "y"))
    assert open_images(raw, conditional=True).notes == ("Classes: x (4), none (0), y (2).",)
    assert open_images(raw).notes == ()


def test_many_classes_are_said_in_a_line():
    names = [f"class {number}" for number in range(1000)]
    told = class_counts(names, [5, *[7] * 999], IMAGES)
    assert told == (
        "1000 classes of 5 to 7 images each: class 0, class 1, class 2, class 3, class 4 "
        "and 995 more."
    )
    assert class_counts(names[:9], [3] * 9, IMAGES).startswith("9 classes of 3 images each: ")
