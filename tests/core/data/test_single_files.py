"""One file as data, for kinds of which a file holds many samples."""

from __future__ import annotations

import pytest
from image_data import open_images
from points_kind import PointOptions, PointsKind
from shard_writer import picture

from genzoo.data.kind_of_data import _names
from genzoo.data.open_dataset import open_dataset
from genzoo.errors import DataError


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def test_one_file_is_data_where_a_file_holds_many_samples(tmp_path):
    (tmp_path / "points.csv").write_text("1,2\n3,4\n5,6\n")
    dataset = open_dataset("points.csv", PointsKind(PointOptions()))
    assert dataset.rows.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert dataset.labels is None
    assert dataset.name == "points.csv"


def test_a_file_of_another_kind_and_one_image_are_no_data(tmp_path):
    (tmp_path / "points.dat").write_text("1,2\n")
    with pytest.raises(DataError, match="is a file, but neither"):
        open_dataset("points.dat", PointsKind(PointOptions()))
    (tmp_path / "1.png").write_bytes(picture(1))
    with pytest.raises(DataError, match="is a file, but neither"):
        open_images("1.png")


def test_the_ending_of_one_file_says_its_kind(tmp_path):
    (tmp_path / "points.csv").write_text("1,2\n")
    assert _names(tmp_path / "points.csv") == ["points.csv"]
    (tmp_path / "a.npz").write_bytes(b"damaged")
    assert _names(tmp_path / "a.npz") == ["a.npz"]
