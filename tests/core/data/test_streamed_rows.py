"""Decoded when asked for."""

from __future__ import annotations

import numpy as np
import pytest
from image_data import SOURCES, image_kind, in_range, open_images
from points_kind import PointOptions, PointsKind
from shard_writer import picture, write_shard

from genzoo.data import decoder_pool as pool
from genzoo.data import streamed_rows as streamed
from genzoo.data.open_dataset import open_dataset
from genzoo.data.streamed_rows import StreamedRows
from genzoo.errors import DataError, UsageError
from genzoo.interfaces.data_source import Content, FileSource, Labels


class Pictures(FileSource):
    """Plain pictures; some positions are damaged."""

    name = identity = "pictures"

    def __init__(self, count, damaged=()):
        self.count, self.damaged = count, damaged

    def __len__(self):
        return self.count

    def name_at(self, position):
        return f"{position}.png"

    def encoded(self, position):
        good = position not in self.damaged
        return Content(f"{position}.png", picture(position) if good else b"no image")

    def labels(self, kept):
        return Labels(None, ())


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture(params=[0, 2], ids=["here", "workers"])
def _workers(request, monkeypatch):
    monkeypatch.setattr(streamed, "_share_of_cores", lambda: request.param)


def stream(source, heard, labels=None):
    return StreamedRows(source, image_kind(size=8), labels, heard.append)


def firsts(rows, *indices):
    return rows.read(np.array(indices))[:, 0, 0, 0].tolist()


@pytest.mark.usefixtures("_workers")
def test_any_order_any_number(heard):
    rows = stream(Pictures(30), heard)
    assert rows.shape == (30, 8, 8, 3)
    assert len(rows) == 30
    order = np.random.default_rng(0).permutation(30).tolist()
    assert firsts(rows, *order) == order
    assert firsts(rows, 7, 7) == [7, 7]
    assert rows.read(np.array([], np.int64)).shape == (0, 8, 8, 3)
    with pytest.raises(IndexError):
        rows.read(np.array([30]))


@pytest.mark.usefixtures("_workers")
def test_a_damaged_one_is_replaced_always_by_the_same_and_told_once(heard):
    for _ in range(2):
        rows = stream(Pictures(10, {3, 4, 9}), heard)
        assert firsts(rows, 3, 2, 9, 3) == [5, 2, 0, 5]
        assert firsts(rows, 3, 4) == [5, 5]
    assert heard[:3] == [
        "'3.png' cannot be read (not an image): '5.png' takes its place.",
        "'9.png' cannot be read (not an image): '0.png' takes its place.",
        "'4.png' cannot be read (not an image): '5.png' takes its place.",
    ]
    assert len(heard) == 6


def test_the_replacement_is_of_the_same_class(heard):
    rows = stream(Pictures(10, {3, 8}), heard, np.arange(10) % 2)
    assert firsts(rows, 3, 8) == [5, 0]


def test_nothing_to_take_its_place(heard):
    rows = stream(Pictures(4, {0, 2}), heard, np.arange(4) % 2)
    with pytest.raises(DataError, match=r"'2\.png' cannot be read .* nothing like it"):
        firsts(rows, 2)
    assert heard == []


def test_letting_go_ends_the_workers(heard, monkeypatch):
    started = []
    real = pool._start

    def start():
        started.append(real())
        return started[-1]

    monkeypatch.setattr(pool, "_start", start)
    monkeypatch.setattr(streamed, "cores", lambda: 2)
    rows = stream(Pictures(10), heard)
    firsts(rows, 1, 2, 3)
    assert len(started) == 2
    del rows
    assert all(process.returncode is not None for process in started)


def test_a_folder_is_streamed_too(tmp_path):
    for number in range(6):
        path = tmp_path / "images" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    cache = tmp_path / "cache"
    dataset = open_images(tmp_path / "images", conditional=True, stream=True, cache=cache)
    x, labels = dataset.batch(np.arange(6), in_range(0, 255))
    assert x[:, 0, 0, 0].tolist() == [0, 2, 4, 1, 3, 5]
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert not list(cache.rglob("rows.npy"))


def test_files_of_several_samples_in_a_shard_are_streamed(tmp_path):
    write_shard(tmp_path / "a.tar", {"0.csv": b"1,2\n3,4\n", "1.csv": b"5,6\n"})
    dataset = open_dataset(
        tmp_path / "a.tar", PointsKind(PointOptions()), registry=SOURCES, stream=True
    )
    assert dataset.rows.read(np.array([2, 0, 1])).tolist() == [[5, 6], [1, 2], [3, 4]]


def test_arrays_cannot_be_streamed():
    with pytest.raises(UsageError, match="comes as a whole, as arrays do, and cannot"):
        open_images(np.zeros((4, 8, 8, 3), np.uint8), stream=True)


@pytest.mark.parametrize(("processes", "share"), [("1", 4), ("2", 2), ("9", 1)])
def test_processes_of_a_machine_share_its_cores(monkeypatch, processes, share):
    monkeypatch.setattr(streamed, "cores", lambda: 4)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", processes)
    assert streamed._share_of_cores() == share
