"""Data sets in tar files."""

from __future__ import annotations

import json
import os
import tarfile
import tracemalloc

import numpy as np
import pytest
from image_data import IMAGES, SOURCES, in_range, open_images
from points_kind import PointOptions, PointsKind
from shard_writer import picture, write_shard, write_shards

from genzoo.data.open_dataset import open_dataset
from genzoo.errors import DataError, UsageError
from genzoo_sources import shard_index as module
from genzoo_sources.shard_files import expand, shards_of_pattern
from genzoo_sources.shard_index import read_shard


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def values(dataset) -> list[int]:
    """The first value of each image, read as batches are."""
    x, _ = dataset.batch(np.arange(len(dataset)), in_range(0, 255))
    return x[:, 0, 0, 0].int().tolist()


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.tar", ["a.tar"]),
        ("{08..11}.tar", ["08.tar", "09.tar", "10.tar", "11.tar"]),
        ("{2..0}.tar", ["2.tar", "1.tar", "0.tar"]),
        ("{a,b}{0..1}.tar", ["a0.tar", "a1.tar", "b0.tar", "b1.tar"]),
    ],
)
def test_braces(pattern, names):
    assert expand(pattern) == names


@pytest.mark.parametrize(
    "pattern",
    [
        "{0..99999999}.tar",
        "{0..99}{0..99}{0..99}.tar",
        "{a,b}" * 64 + ".tar",
        f"{{0..{'9' * 5000}}}.tar",
        f"{{{'9' * 5000}..0}}.tar",
    ],
)
def test_braces_that_stand_for_too_much_are_refused_before_a_name_is_made(pattern):
    with pytest.raises(UsageError, match="more than 100,000 shards") as caught:
        expand(pattern)
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("data", ["shards", "shards/part-{000..002}.tar"])
def test_a_folder_of_shards_and_a_pattern(tmp_path, data, stream):
    write_shards(tmp_path / "shards")
    dataset = open_images(data, conditional=True, stream=stream)
    assert values(dataset) == list(range(12))
    assert dataset.labels.tolist() == [number % 2 for number in range(12)]
    assert dataset.classes == ("0", "1")
    assert dataset.spec.shape == (3, 8, 8)
    assert dataset.notes == ("Classes: 0 (6), 1 (6).",)
    assert (tmp_path / "cache" / "data" / dataset.fingerprint).exists() is not stream


def test_one_shard(tmp_path):
    write_shards(tmp_path / "shards")
    assert values(open_images("shards/part-001.tar")) == [4, 5, 6, 7]


def test_streamed_and_kept_are_different_data_to_a_run(tmp_path):
    write_shards(tmp_path / "shards")
    kept, streamed = open_images("shards"), open_images("shards", stream=True)
    assert kept.fingerprint != streamed.fingerprint


def test_shards_are_looked_through_once(tmp_path, monkeypatch):
    write_shards(tmp_path / "shards")
    first = open_images("shards")
    monkeypatch.setattr(module, "read_shard", None)
    assert open_images("shards").fingerprint == first.fingerprint


def test_a_damaged_index_is_made_again(tmp_path):
    write_shards(tmp_path / "shards")
    open_images("shards")
    for path in (tmp_path / "cache" / "shards").iterdir():
        path.write_bytes(b"junk")
    assert values(open_images("shards", stream=True)) == list(range(12))


def test_labels_of_json_and_names_of_classes(tmp_path):
    files = {}
    for number, label in enumerate(["cat", "dog", "cat"]):
        files[f"a/{number}.json"] = json.dumps({"label": label, "text": "x"}).encode()
        files[f"a/{number}.png"] = picture(number)
    write_shard(tmp_path / "json" / "a.tar", files)
    dataset = open_images("json")
    assert dataset.classes == ("cat", "dog")
    assert dataset.labels.tolist() == [0, 1, 0]

    write_shards(tmp_path / "shards")
    (tmp_path / "shards" / "classes.txt").write_text("even\nodd\nnone\n", encoding="utf-8")
    dataset = open_images("shards")
    assert dataset.classes == ("even", "odd", "none")
    assert dataset.labels.tolist() == [number % 2 for number in range(12)]


def test_a_label_that_no_class_has(tmp_path):
    write_shards(tmp_path / "shards")
    (tmp_path / "shards" / "classes.txt").write_text("even\n", encoding="utf-8")
    with pytest.raises(DataError, match="not numbers from 0 to 0"):
        open_images("shards")


def test_numbers_are_sorted_as_numbers(tmp_path):
    write_shards(tmp_path / "shards", classes=12)
    assert open_images("shards").classes == tuple(map(str, range(12)))


def test_some_without_a_label(tmp_path):
    files = {"0.png": picture(0), "0.cls": b"1", "1.png": picture(1)}
    write_shard(tmp_path / "a.tar", files)
    dataset = open_images("a.tar")
    assert dataset.labels is None
    assert dataset.notes == ("No labels: 1 of 2 images has none.",)
    with pytest.raises(UsageError, match="no labels to be conditional on"):
        open_images("a.tar", conditional=True)


def test_a_tarred_folder_has_its_subfolders_for_classes(tmp_path):
    write_shard(tmp_path / "a.tar", {"all/cats/1.png": picture(1), "all/dogs/1.png": picture(2)})
    dataset = open_images("a.tar", conditional=True)
    assert dataset.classes == ("cats", "dogs")
    assert values(dataset) == [1, 2]


def test_which_file_of_a_sample_is_taken(tmp_path):
    files = {
        "0.seg.png": picture(9),
        "0.jpg": picture(1, ending="JPEG"),
        "0.txt": b"a caption",
        "1.txt": b"no image",
        ".hidden.png": picture(5),
    }
    write_shard(tmp_path / "a.tar", files)
    index = read_shard(tmp_path / "a.tar", IMAGES)
    assert list(index.names) == [b"0.jpg"]
    assert open_images("a.tar").notes == (
        "Skipped samples of the shards without an image: 1.",
        "Took one file each for 1 image, by the name up to a dot, and left out 1 more.",
    )


@pytest.mark.parametrize(
    "names",
    [
        [f"Shot 2024-01-01 at 10.15.{number}.png" for number in range(4)],
        ["model v1.0.png", "model v1.1.png", "model v2.0.png", "model v2.1.png"],
        ["john.smith.png", "john.doe.png", "mary.sue.png", "mary.png"],
        ["a.b/1.2.x.png", "a.b/1.3.x.png", "a.b/1.2.png", "a.b/2024.01.01.png"],
    ],
)
def test_files_whose_names_have_dots_are_all_read(tmp_path, names):
    write_shard(tmp_path / "a.tar", {name: picture(at) for at, name in enumerate(names)})
    found = [name for name in names if name not in ("mary.sue.png", "a.b/1.2.x.png")]
    dataset = open_images("a.tar")
    assert sorted(values(dataset)) == [names.index(name) for name in found]
    left = len(names) - len(found)
    assert [note for note in dataset.notes if "left out" in note] == (
        [f"Took one file each for 3 images, by the name up to a dot, and left out {left} more."]
        if left
        else []
    )


def test_images_of_one_sample_are_one_sample_where_all_samples_have_such(tmp_path):
    sides = {f"{at}.{side}.png": picture(at) for at in range(3) for side in ("left", "right")}
    write_shard(tmp_path / "a.tar", sides)
    dataset = open_images("a.tar")
    assert values(dataset) == [0, 1, 2]
    assert "left out 3 more" in dataset.notes[0]


def test_labels_of_files_whose_names_have_dots(tmp_path):
    files = {
        "1.5.png": picture(0),
        "1.5.cls": b"7",
        "1.6.seg.png": picture(1),
        "1.6.json": b'{"label": 8}',
        "2.0.png": picture(2),
        "2.1.png": picture(3),
        "2.cls": b"9",
    }
    write_shard(tmp_path / "a.tar", files)
    dataset = open_images("a.tar", conditional=True)
    assert dataset.classes == ("7", "8", "9")
    assert dataset.labels.tolist() == [0, 1, 2, 2]
    assert values(dataset) == [0, 1, 2, 3]
    assert not any("Skipped" in note for note in dataset.notes)


def test_offsets_are_those_of_the_bytes(tmp_path):
    # A name too long for the plain format takes headers of its own.
    content = {f"{'x' * 150}/{number}.png": picture(number) for number in range(3)}
    shard = write_shard(tmp_path / "a.tar", content)
    index = read_shard(shard, IMAGES)
    raw = shard.read_bytes()
    found = [raw[start:][:size] for start, size in zip(index.offsets, index.sizes, strict=True)]
    assert found == list(content.values())


def test_images_beside_a_tar_are_a_folder_of_images(tmp_path):
    write_shards(tmp_path / "shards")
    (tmp_path / "shards" / "a").mkdir()
    (tmp_path / "shards" / "a" / "1.png").write_bytes(picture(77))
    assert values(open_images("shards")) == [77]


def test_a_file_that_is_no_image_is_skipped(tmp_path):
    files = {"0.png": picture(0), "1.png": b"no image", "2.png": picture(2)}
    write_shard(tmp_path / "a.tar", files)
    dataset = open_images("a.tar")
    assert values(dataset) == [0, 2]
    assert dataset.notes == (
        "Skipped 1 file that cannot be read as an image: a.tar/1.png (not an image).",
    )


def test_a_missing_shard_is_named(tmp_path):
    write_shards(tmp_path / "shards")
    with pytest.raises(DataError, match=r"4 shards of .* 1 are missing: shards/part-003\.tar"):
        open_images("shards/part-{000..003}.tar")


# In a header, in an image, and between files, where a reader might take it for the end.
@pytest.mark.parametrize("size", [2200, 2570, 2048])
def test_a_shard_cut_off_is_told(tmp_path, size):
    shard = write_shards(tmp_path / "shards") / "part-001.tar"
    os.truncate(shard, size)
    with pytest.raises(DataError, match=r"part-001\.tar' cannot be read after \d samples"):
        open_images("shards")


def test_what_is_no_tar(tmp_path):
    (tmp_path / "a.tar").write_bytes(b"not a tar file" * 100)
    with pytest.raises(DataError, match="cannot be read after 0 samples") as caught:
        open_images("a.tar")
    assert "uncompressed .tar" in caught.value.hint
    with tarfile.open(tmp_path / "b.tar", "w"):
        pass
    with pytest.raises(DataError, match=r"There is no image in 'b\.tar'"):
        open_images("b.tar")


def test_kinds_that_decode_files_only(tmp_path):
    files = {"0.csv": b"1,2\n", "0.cls": b"1", "1.csv": b"3,4\n", "1.cls": b"0"}
    write_shard(tmp_path / "points" / "a.tar", files)
    # This kind reads such files too.
    (tmp_path / "points" / "classes.txt").write_text("near\nfar\n", encoding="utf-8")
    dataset = open_dataset("points", PointsKind(PointOptions()), registry=SOURCES)
    assert dataset.classes == ("near", "far")
    assert dataset.labels.tolist() == [1, 0]
    assert dataset.rows.tolist() == [[1, 2], [3, 4]]
    assert dataset.kind.config.span == 4


def test_the_real_webdataset_writes_what_is_read(tmp_path):
    webdataset = pytest.importorskip("webdataset")
    pattern = str(tmp_path / "real-%03d.tar")
    with webdataset.ShardWriter(pattern, maxcount=4, verbose=0) as writer:
        for number in range(10):
            image = np.full((8, 8, 3), number, np.uint8)
            writer.write({"__key__": f"{number:04d}", "png": image, "cls": number % 3})
    dataset = open_images(str(tmp_path / "real-{000..002}.tar"), conditional=True)
    assert values(dataset) == list(range(10))
    assert dataset.labels.tolist() == [number % 3 for number in range(10)]


@pytest.mark.parametrize(
    "pattern",
    [
        "/x/{0..99999999}.tar",
        "/x/{0..999}{0..999}{0..999}.tar",
        "/x/" + "{a,b}" * 64 + ".tar",
        "/x/{0.." + "9" * 5000 + "}.tar",
        "/x/{" + "," * (1 << 21) + "}.tar",
    ],
)
def test_a_pattern_of_too_many_shards_is_refused_before_it_is_spelt_out(pattern):
    tracemalloc.start()
    try:
        with pytest.raises(UsageError):
            shards_of_pattern(pattern)
        assert tracemalloc.get_traced_memory()[1] < 1 << 26
    finally:
        tracemalloc.stop()
