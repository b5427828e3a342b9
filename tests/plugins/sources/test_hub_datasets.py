"""Data sets of the library `datasets`, all built here."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from image_data import SOURCES, image_kind, in_range, open_images
from points_kind import PointOptions, PointsKind
from shard_writer import picture

from genzoo.app.read_and_save_samples import read_inputs
from genzoo.data.open_dataset import open_dataset
from genzoo.errors import DataError, UsageError
from genzoo_sources import hub_library
from genzoo_sources.hub_datasets import parse_reference


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("hf:mnist", ("mnist", None, None)),
        ("hf:owner/na.me", ("owner/na.me", None, None)),
        ("hf:owner/name:test", ("owner/name", "test", None)),
        ("hf:owner/name:test@refs/pr/1", ("owner/name", "test", "refs/pr/1")),
        ("hf:owner/name@v1", ("owner/name", None, "v1")),
        ("hf:datasets/name", ("datasets/name", None, None)),
        ("hf://datasets/owner/name", ("owner/name", None, None)),
        ("hf://datasets/mnist", ("mnist", None, None)),
        ("hf://owner/name:test@v1", ("owner/name", "test", "v1")),
    ],
)
def test_names(name, parts):
    reference = parse_reference(name)
    assert (reference.repo, reference.split, reference.revision) == parts


@pytest.mark.parametrize(
    "name", ["hf:", "hf://", "hf://a/b/c", "HF:a/b", "hf:a/b/c", "hf:a b", "hf:a/b:", "hf:a/b@"]
)
def test_what_is_no_name(name):
    with pytest.raises(UsageError, match="is not a name of a data set on the Hub"):
        open_images(name)


def test_without_the_library(tmp_path, monkeypatch):
    monkeypatch.setattr(hub_library, "find_spec", lambda name: None)
    (tmp_path / "a.parquet").write_bytes(b"")
    for name in ("hf:owner/name", "a.parquet"):
        with pytest.raises(UsageError, match="needs the library datasets") as caught:
            open_images(name)
        assert "genzoo[datasets]" in caught.value.hint


def points_of(data, **options):
    return open_dataset(data, PointsKind(PointOptions(span=8)), registry=SOURCES, **options)


POINTS = [[1.5, 2.0], [-3.0, 4.0], [0.25, -1.0]]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("column", ["place", "point", "points"])
def test_columns_of_numbers_are_entries_of_an_array(datasets, column, stream):
    features = {
        column: datasets.List(datasets.Value("float32")),
        "label": datasets.ClassLabel(names=["a", "b"]),
    }
    cells = {column: POINTS, "label": [0, 1, 0]}
    rows = datasets.Dataset.from_dict(cells, features=datasets.Features(features))
    rows.to_parquet("data.parquet")
    dataset = points_of("data.parquet", stream=stream, conditional=True)
    assert dataset.batch(np.arange(3), dataset.spec)[0].tolist() == POINTS
    assert (dataset.labels.tolist(), dataset.classes) == ([0, 1, 0], ("a", "b"))


def test_classes_of_one_table_are_those_of_a_model_by_name(datasets):
    features = {
        "place": datasets.List(datasets.Value("float32")),
        "label": datasets.ClassLabel(names=["a", "b"]),
    }
    cells = {"place": POINTS, "label": [0, 1, 0]}
    rows = datasets.Dataset.from_dict(cells, features=datasets.Features(features))
    rows.to_parquet("data.parquet")
    kind = PointsKind(PointOptions(span=8))
    given = read_inputs(("data.parquet",), kind, kind.spec(("b", "a")), SOURCES, None, ())
    assert given.labels == [1, 0, 1]


@pytest.mark.parametrize("way", ["text", "bytes", "struct"])
def test_columns_of_texts_and_files_are_decoded_as_files_are(datasets, way):
    texts = ["1.5,2\n", "-3,4\n"]
    cells = {
        "text": [text.replace(",", " ") for text in texts],
        "bytes": [text.encode() for text in texts],
        "struct": [{"bytes": text.encode(), "path": "/etc/a.csv"} for text in texts],
    }
    datasets.Dataset.from_dict({"point": cells[way]}).save_to_disk("data")
    assert points_of("data").rows.tolist() == [[1.5, 2.0], [-3.0, 4.0]]


def test_cells_that_hold_nothing_that_fits_are_named(datasets):
    features = datasets.Features({"place": datasets.List(datasets.Value("float32"))})
    cells = {"place": [[1.0, 2.0], None, [1.0, 2.0, 3.0]]}
    datasets.Dataset.from_dict(cells, features=features).save_to_disk("data")
    dataset = points_of("data")
    assert dataset.rows.tolist() == [[1.0, 2.0]]
    assert "row 1 (it is empty), row 2 (" in dataset.notes[0]


def test_a_table_without_a_column_of_the_kind_is_told_what_would_do(datasets):
    datasets.Dataset.from_dict({"x": [1.0], "y": [2.0]}).save_to_disk("data")
    with pytest.raises(DataError, match="no column of points, only: x, y") as caught:
        points_of("data")
    assert "place" in caught.value.hint
    assert "point" in caught.value.hint


def table(datasets, pictures=("picture",)):
    """Plain pictures, in columns of those names, with their numbers modulo 2 for labels."""
    stored = [{"bytes": picture(number), "path": None} for number in range(6)]
    columns = dict.fromkeys(pictures, stored) | {"label": [0, 1] * 3}
    kinds = {name: datasets.Image() for name in pictures}
    kinds["label"] = datasets.ClassLabel(names=["even", "odd"])
    return datasets.Dataset.from_dict(columns, features=datasets.Features(kinds))


def values(dataset) -> list[int]:
    x, _ = dataset.batch(np.arange(len(dataset)), in_range(0, 255))
    return x[:, 0, 0, 0].int().tolist()


@pytest.fixture
def datasets():
    library = pytest.importorskip("datasets")
    library.disable_progress_bars()
    return library


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("way", ["saved", "saved splits", "parquet file", "parquet folder"])
def test_local_data_sets(tmp_path, datasets, way, stream):
    rows = table(datasets)
    match way:
        case "saved":
            rows.save_to_disk("data")
        case "saved splits":
            datasets.DatasetDict(train=rows, test=rows.select([0])).save_to_disk("data")
        case "parquet file":
            rows.to_parquet("data.parquet")
        case "parquet folder":
            rows.to_parquet("data/data/train-00000-of-00001.parquet")
    name = "data.parquet" if way == "parquet file" else "data"
    dataset = open_images(name, conditional=True, stream=stream)
    assert values(dataset) == list(range(6))
    assert dataset.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert dataset.classes == ("even", "odd")
    assert dataset.spec.shape == (3, 8, 8)
    assert open_images(name, stream=stream).fingerprint == dataset.fingerprint
    assert bool(list(Path("cache").rglob("rows.npy"))) is not stream


def test_a_selection_in_another_order(datasets):
    table(datasets).select([5, 0, 3]).save_to_disk("data")
    assert values(open_images("data")) == [5, 0, 3]


def test_numbers_for_labels_and_files_that_became_part_of_the_data_set(tmp_path, datasets):
    (tmp_path / "1.png").write_bytes(picture(1))
    columns = {"image": [str(tmp_path / "1.png")] * 2, "label": [7, 3]}
    rows = datasets.Dataset.from_dict(columns).cast_column("image", datasets.Image())
    rows.save_to_disk("data")
    dataset = open_images("data")
    assert values(dataset) == [1, 1]
    assert dataset.classes == ("3", "7")
    assert dataset.labels.tolist() == [1, 0]


def naming(datasets, *named, way="parquet"):
    """A data set in the folder `data` whose images are files of those names, and one that is not.

    As a stranger makes it: the library itself would put the files into it.
    """
    import pyarrow
    from pyarrow import parquet

    stored = [{"bytes": None, "path": str(name)} for name in named]
    stored.append({"bytes": picture(7), "path": "/etc/passwd"})
    column = pyarrow.array(
        stored, pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    )
    features = datasets.Features({"image": datasets.Image()})
    table = pyarrow.table({"image": column}).cast(features.arrow_schema)
    Path("data").mkdir(exist_ok=True)
    if way == "parquet":
        parquet.write_table(table, "data/a.parquet")
        return
    datasets.Dataset.from_dict({"image": [None]}, features=features).save_to_disk("data")
    path = "data/data-00000-of-00001.arrow"
    with pyarrow.OSFile(path, "wb") as sink, pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("way", ["parquet", "arrow"])
def test_files_outside_that_a_data_set_names_are_never_opened(tmp_path, datasets, way, stream):
    (tmp_path / "private.png").write_bytes(picture(9))
    os.mkfifo(tmp_path / "pipe.png")
    Path("data").mkdir()
    if way == "arrow":  # with such files beside it a table does not count
        Path("data/link.png").symlink_to(tmp_path / "private.png")
        os.mkfifo("data/pipe.png")
    outside = [tmp_path / "private.png", "../private.png", tmp_path / "pipe.png", "/dev/zero"]
    within = ["link.png", "pipe.png", "a\0b", "missing.png"]
    naming(datasets, *outside, *within, way=way)
    heard: list[str] = []
    dataset = open_images("data", size=8, stream=stream, note=heard.append)
    if stream:
        assert set(values(dataset)) == {7}
        assert sum("outside the data set" in text for text in heard) == 5 + (way == "arrow")
    else:
        assert values(dataset) == [7]
        assert "row 0 (it names a file outside the data set, which is not opened)" in " ".join(
            dataset.notes
        )


def test_files_in_the_folder_of_a_data_set_belong_to_it(tmp_path, datasets):
    Path("data/images").mkdir(parents=True)
    Path("data/images/1.png").write_bytes(picture(1))
    Path("data/images/2.PNG").write_bytes(picture(2))
    naming(datasets, "images/1.png", tmp_path / "data" / "images" / "2.PNG", way="arrow")
    assert values(open_images("data", size=8)) == [1, 2, 7]


def test_a_single_table_has_no_folder_of_its_own(tmp_path, datasets):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "1.png").write_bytes(picture(1))
    naming(datasets, "1.png", tmp_path / "data" / "1.png")
    assert values(open_images("data/a.parquet", size=8)) == [7]


def test_a_damaged_and_an_empty_image_are_named(datasets):
    columns = {"image": [{"bytes": picture(1), "path": None}, {"bytes": b"x", "path": None}, None]}
    features = datasets.Features({"image": datasets.Image()})
    datasets.Dataset.from_dict(columns, features=features).save_to_disk("data")
    dataset = open_images("data")
    assert values(dataset) == [1]
    assert dataset.notes == (
        "Skipped 2 files that cannot be read as images: row 1 (not an image), row 2 (it is empty).",
    )


def test_rows_without_a_class(datasets):
    rows = table(datasets)
    rows = rows.remove_columns("label").add_column("label", [0, 1, None, 0, 1, 0])
    rows.save_to_disk("data")
    assert open_images("data").notes == ("No labels: 1 of 6 images has none.",)


def test_columns_that_do_not_do(datasets):
    datasets.Dataset.from_dict({"text": ["a"]}).save_to_disk("text")
    with pytest.raises(DataError, match="no column of images, only: text"):
        open_images("text")
    table(datasets, ("picture", "other")).save_to_disk("two")
    with pytest.raises(UsageError, match="several columns of images: picture, other"):
        open_images("two")
    table(datasets, ("other", "image")).save_to_disk("named")
    assert values(open_images("named")) == list(range(6))


def test_a_split_that_is_not_there(datasets):
    rows = table(datasets)
    datasets.DatasetDict(a=rows, b=rows).save_to_disk("data")
    with pytest.raises(UsageError, match="has no split 'train'") as caught:
        open_images("data")
    assert caught.value.hint == "It has: a, b."


def test_a_damaged_file_is_told(tmp_path, datasets):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match=r"'a\.parquet' cannot be read"):
        open_images("a.parquet")


def test_a_table_beside_images_describes_them(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "metadata.parquet").write_bytes(b"")
    (tmp_path / "data" / "1.png").write_bytes(picture(9))
    assert values(open_images("data")) == [9]


def test_a_data_set_on_the_hub(monkeypatch, datasets):
    rows = table(datasets)
    asked = []

    class Builder:
        __module__ = "datasets.packaged_modules.parquet.parquet"

        dataset_name, token, storage_options, base_path = "name", None, {}, ""

        def download_and_prepare(self, dl_manager):
            rows.save_to_disk("hub")

        def as_dataset(self):
            return datasets.DatasetDict(train=datasets.load_from_disk("hub"))

    def load_dataset_builder(repo, revision):
        asked.append((repo, revision))
        return Builder()

    monkeypatch.setattr(datasets, "load_dataset_builder", load_dataset_builder)
    assert values(open_images("hf:owner/name:train@v1")) == list(range(6))
    assert asked == [("owner/name", "v1")]
    with pytest.raises(UsageError, match="has no split 'test'"):
        open_images("hf:owner/name:test")
    monkeypatch.setattr(Builder, "__module__", "datasets.packaged_modules.pandas.pandas")
    with pytest.raises(DataError, match="files of the format 'pandas'"):
        open_images("hf:owner/name")


def test_options_stay_as_given(datasets):
    table(datasets).save_to_disk("data")
    dataset = open_dataset("data", image_kind(size=16, channels=1), registry=SOURCES)
    assert dataset.spec.shape == (1, 16, 16)


def test_files_that_a_data_set_names_are_part_of_its_content(datasets):
    naming(datasets, "1.png", way="saved")
    Path("data", "1.png").write_bytes(picture(1))
    first = open_images("data")
    Path("data", "1.png").write_bytes(picture(2))
    second = open_images("data")
    assert (values(first), values(second)) == ([1, 7], [2, 7])
    assert second.fingerprint != first.fingerprint
