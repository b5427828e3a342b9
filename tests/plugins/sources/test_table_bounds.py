"""A table unfolds to no more than its file can be meant to hold."""

from __future__ import annotations

import os
import resource

import pytest
from image_data import open_images
from shard_writer import picture

from genzoo.errors import DataError
from genzoo_sources import table_bounds
from genzoo_sources.table_bounds import check_arrow, check_parquet, check_saved

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

MIB = 2**20
TOO_MUCH = "unfolds to more than 256 times as many"


def grown(action) -> int:
    """Bytes by which the most memory that the process had grows."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    action()
    return 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)


def written(path, column, compression="zstd", **options):
    """A file of ten equal groups of rows."""
    table = pa.table({"image": column})
    with parquet.ParquetWriter(path, table.schema, compression=compression, **options) as writer:
        for _ in range(10):
            writer.write_table(table, row_group_size=len(table))
    return path


def images(content: bytes, count: int):
    fields = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return pa.array([{"bytes": content, "path": None}]).take(pa.array([0] * count)).cast(fields)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def test_twenty_million_equal_numbers_are_refused_by_the_footer(tmp_path):
    path = written(tmp_path / "a.parquet", pa.repeat(pa.scalar(1, pa.int64()), 2_000_000))
    assert path.stat().st_size < MIB // 8

    def refused():
        with pytest.raises(DataError, match=TOO_MUCH):
            check_parquet(path, "a.parquet")

    assert grown(refused) < 16 * MIB


def test_pages_that_unfold_to_too_much_are_refused_by_the_footer(tmp_path):
    texts = pa.array(["x" * MIB] * 8)
    path = written(tmp_path / "a.parquet", texts, use_dictionary=False)
    with pytest.raises(DataError, match=TOO_MUCH):
        check_parquet(path, "a.parquet")


def _in_images():
    return images(b"x" * MIB, 100)


def _in_lists():
    return pa.array([["x" * MIB] * 100])


@pytest.mark.parametrize("column", [_in_images, _in_lists])
def test_equal_values_of_any_length_are_refused_before_all_are_unfolded(tmp_path, column):
    path = written(tmp_path / "a.parquet", column())
    assert path.stat().st_size < MIB // 8

    def refused():
        with pytest.raises(DataError, match=TOO_MUCH):
            check_parquet(path, "a.parquet")

    assert grown(refused) < 4 * table_bounds.AT_LEAST


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[1, 2], [], None, [3]]),
        pa.array([["a", "b"], [], None, ["a"]]),
        pa.array([{"a": [{"b": "x"}]}, None, {"a": []}]),
        pa.array([None, None]),
        pa.array([True, None]),
        pa.array(["x"] * 100_000),
        pa.array([["a", None]] * 100_000),
        images(os.urandom(MIB), 8),
    ],
)
def test_what_tables_usually_hold_is_taken(tmp_path, column):
    check_parquet(written(tmp_path / "a.parquet", column), "a.parquet")


def test_a_data_set_says_so_before_anything_is_converted(tmp_path):
    pytest.importorskip("datasets")
    written(tmp_path / "a.parquet", images(picture(1) + bytes(MIB), 100))
    with pytest.raises(DataError, match=f"'a.parquet' has .* {TOO_MUCH}"):
        open_images("a.parquet")
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.parquet").rename("folder/train.parquet")
    with pytest.raises(DataError, match=TOO_MUCH):
        open_images("folder")
    kept = sum(path.stat().st_size for path in tmp_path.glob("cache/**/*") if path.is_file())
    assert kept < MIB


@pytest.mark.parametrize("compression", ["zstd", "lz4", None])
@pytest.mark.parametrize("dictionary", [False, True])
def test_compressed_arrow_files_are_refused(tmp_path, compression, dictionary):
    texts = pa.array(["x" * 1000] * 100)
    table = pa.table({"text": texts.dictionary_encode() if dictionary else texts})
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(tmp_path / "a.arrow", table.schema, options=options) as writer:
        writer.write_table(table)
    if compression is None:
        check_arrow(tmp_path / "a.arrow", "a")
        return
    with pytest.raises(DataError, match="compressed Arrow files"):
        check_arrow(tmp_path / "a.arrow", "a")


def test_a_saved_data_set_is_looked_at_and_names_no_file_outside(tmp_path):
    datasets = pytest.importorskip("datasets")
    datasets.DatasetDict({"train": datasets.Dataset.from_dict({"a": [1, 2]})}).save_to_disk("saved")
    check_saved(tmp_path / "saved", "saved")
    state = tmp_path / "saved/train/state.json"
    (tmp_path / "other.arrow").write_bytes(b"")
    for name, reason in [("../../other.arrow", "outside"), ("none", "damaged"), (7, "damaged")]:
        state.write_text(f'{{"_data_files": [{{"filename": "{name}"}}]}}'.replace('"7"', "7"))
        with pytest.raises(DataError, match=reason):
            check_saved(tmp_path / "saved", "saved")


def test_a_damaged_table_is_told(tmp_path):
    (tmp_path / "a").write_bytes(b"PAR1 damaged PAR1")
    with pytest.raises(DataError, match="'a' cannot be read"):
        check_parquet(tmp_path / "a", "a")
    with pytest.raises(DataError, match="'a' cannot be read"):
        check_arrow(tmp_path / "a", "a")
