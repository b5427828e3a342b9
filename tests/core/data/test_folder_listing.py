"""Folders as people have them: order, classes and what is skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from image_data import IMAGES
from PIL import Image

from genzoo.data.class_folders import folder_labels
from genzoo.data.folder_listing import scan_folder
from genzoo.data.folder_source import folder_identity
from genzoo.errors import DataError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def paths(root: Path) -> list[str]:
    return [file.path for file in scan_folder(root, IMAGES).files]


def test_files_are_sorted_by_path_whatever_their_depth(tmp_path):
    touch(tmp_path, "b/2.png", "a.png", "b/1.png", "a/z/9.png", "c.png")
    assert paths(tmp_path) == ["a.png", "a/z/9.png", "b/1.png", "b/2.png", "c.png"]


def test_hidden_files_and_system_litter_are_ignored(tmp_path):
    touch(tmp_path, "a.png", ".hidden.png", ".git/b.png", "__MACOSX/a.png", "Thumbs.db")
    assert paths(tmp_path) == ["a.png"]
    assert scan_folder(tmp_path, IMAGES).notes == ()


def test_what_cannot_be_an_image_is_named(tmp_path):
    touch(tmp_path, "a.png", "notes.txt", *(f"{number}.json" for number in range(6)))
    assert scan_folder(tmp_path, IMAGES).notes == (
        "Skipped 7 files that are not images: 0.json, 1.json, 2.json, 3.json, 4.json and 2 more.",
    )


def test_one_skipped_file(tmp_path):
    touch(tmp_path, "a.png", "notes.txt")
    assert scan_folder(tmp_path, IMAGES).notes == (
        "Skipped 1 file that is not an image: notes.txt.",
    )


def test_files_without_a_known_ending_are_tried(tmp_path):
    touch(tmp_path, "picture", "a.weird", "b.PNG", "c.svg")
    assert len(paths(tmp_path)) == 4


@pytest.mark.parametrize("names", [(), ("notes.txt",), (".a.png",)])
def test_nothing_there(tmp_path, names):
    touch(tmp_path, *names)
    with pytest.raises(DataError, match="There is no image in"):
        scan_folder(tmp_path, IMAGES)


def test_links_in_a_circle_end(tmp_path):
    touch(tmp_path, "a/1.png")
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere")
    assert paths(tmp_path) == ["a/1.png"]


def test_linked_folders_are_followed(tmp_path):
    touch(tmp_path, "real/1.png", "data/x.png")
    (tmp_path / "data" / "cats").symlink_to(tmp_path / "real")
    assert paths(tmp_path / "data") == ["cats/1.png", "x.png"]


def test_a_closed_subfolder_is_told_and_a_closed_root_is_an_error(tmp_path, monkeypatch):
    touch(tmp_path, "a.png", "closed/b.png")
    real = os.scandir

    def scandir(folder):
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        scan = scan_folder(tmp_path, IMAGES)
        with pytest.raises(DataError, match="cannot be read: Permission denied"):
            scan_folder(tmp_path / "closed", IMAGES)
    assert scan.notes == ("Skipped 1 path without permission: closed/.",)


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    touch(tmp_path, "a.png", "b.png")
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("b.png"))
    scan = scan_folder(tmp_path, IMAGES)
    assert [file.path for file in scan.files] == ["a.png"]
    assert scan.notes == ("Skipped 1 path without permission: b.png.",)


def test_names_that_are_no_utf8(tmp_path):
    folder = os.fsencode(tmp_path)
    os.mkdir(folder + b"/\xff")  # noqa: PTH102
    for name in (b"/\xff/1.png", b"/ok.txt", b"/a.png"):
        Image.new("RGB", (2, 2)).save(os.fsdecode(folder + name), "PNG")
    scan = scan_folder(tmp_path, IMAGES)
    assert len(scan.files) == 2
    assert folder_identity(scan, tmp_path / "cache")


def test_subfolders_are_classes():
    labels = folder_labels(["cats/1.png", "cats/deep/er/2.png", "dogs/1.png"], "images")
    assert labels.classes == ("cats", "dogs")
    assert labels.values is not None
    assert labels.values.tolist() == [0, 0, 1]
    assert labels.notes == ()


def test_a_flat_folder_has_no_classes():
    labels = folder_labels(["1.png", "2.png"], "images")
    assert (labels.values, labels.classes, labels.notes) == (None, (), ())


def test_images_beside_class_folders_leave_no_classes():
    labels = folder_labels(["1.png", "cats/1.png", "dogs/1.png"], "images")
    assert labels.values is None
    assert labels.notes == ("No labels: 1 of 3 images is in no class folder.",)


def test_a_folder_around_the_classes_is_looked_through():
    labels = folder_labels(["emoji/set/a/1.png", "emoji/set/b/2.png"], "images")
    assert labels.classes == ("a", "b")
    assert labels.notes == ("All images are in 'emoji/set'.",)


def test_a_folder_around_images_is_no_class():
    labels = folder_labels(["only/1.png", "only/2.png"], "images")
    assert labels.values is None
    assert labels.notes == ("All images are in 'only'.",)


def test_runs_models_and_the_cache_of_genzoo_itself_are_no_data(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    touch(tmp_path, "a/1.png", "a/run/samples/2.png", "model/preview.png", "cache/data/3.png")
    touch(tmp_path, "model/model.safetensors", "model/config.json", "b/run.json", "b/4.png")
    record = '{\n  "format_version": 2,\n  "genzoo_version": "1.0"'
    (tmp_path / "a" / "run" / "run.json").write_text(record, encoding="utf-8")
    scan = scan_folder(tmp_path, IMAGES)
    assert [file.path for file in scan.files] == ["a/1.png", "b/4.png"]
    assert scan.notes == ("Skipped 1 file that is not an image: b/run.json.",)
    assert paths(tmp_path / "a" / "run" / "samples") == ["2.png"]
    with pytest.raises(DataError, match="run' is a run or a model of genzoo's own, not data"):
        scan_folder(tmp_path / "a" / "run", IMAGES)


@pytest.mark.parametrize(
    "names",
    [
        ["a", "a b", "a-b"],
        ["a-b", "a", "a b"],
        ["1", "10", "2", "1 0", "1-0"],
        ["b", "B", "é", "e", "a.b", "a"],
    ],
)
def test_classes_are_numbered_in_the_order_of_their_names(names):
    # Files are sorted by their whole paths, where what follows a name is '/'.
    paths = sorted(f"{name}/{number}.png" for name in names for number in range(2))
    labels = folder_labels(paths, "images")
    assert labels.classes == tuple(sorted(names))
    assert labels.values is not None
    told = [labels.classes[value] for value in labels.values.tolist()]
    assert told == [path.split("/")[0] for path in paths]
