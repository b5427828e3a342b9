"""Rows that stay in their file."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from image_data import in_range, open_images

from genzoo.data import row_files as module
from genzoo.data.row_files import FileRows, readable
from genzoo.errors import DataError
from genzoo.interfaces.data_source import RawSamples

ROWS = np.random.default_rng(0).integers(0, 1000, (20, 2, 3), np.int32)


@pytest.fixture
def mapped(tmp_path):
    np.save(tmp_path / "rows.npy", ROWS)
    return np.load(tmp_path / "rows.npy", mmap_mode="r")


def test_rows_are_those_of_the_map(mapped):
    rows = FileRows(mapped)
    wanted = np.array([7, 0, 19, 7])
    assert rows.shape == (20, 2, 3)
    assert len(rows) == 20
    assert rows.read(wanted).dtype == np.int32
    assert (rows.read(wanted) == ROWS[wanted]).all()
    assert rows.read(wanted[:0]).shape == (0, 2, 3)


@pytest.mark.parametrize("index", [-1, 20])
def test_an_index_out_of_range(mapped, index):
    with pytest.raises(IndexError):
        FileRows(mapped).read(np.array([0, index]))


def test_a_file_that_is_removed_meanwhile_can_still_be_read(mapped, tmp_path):
    rows = FileRows(mapped)
    (tmp_path / "rows.npy").unlink()
    assert (rows.read(np.array([3])) == ROWS[[3]]).all()


def test_a_file_cut_short_is_told(mapped, tmp_path):
    rows = FileRows(mapped)
    os.truncate(tmp_path / "rows.npy", 200)
    with pytest.raises(DataError, match="it has been cut short"):
        rows.read(np.array([19]))


def test_a_disk_that_gives_a_part_at_a_time_gives_the_whole(mapped, monkeypatch):
    whole = os.preadv
    monkeypatch.setattr(os, "preadv", lambda file, buffers, at: whole(file, [buffers[0][:5]], at))
    wanted = np.array([7, 0, 19, 7])
    assert (FileRows(mapped).read(wanted) == ROWS[wanted]).all()


def test_only_large_maps_are_read_from_their_file(mapped, monkeypatch):
    assert readable(mapped) is mapped
    assert readable(ROWS) is ROWS
    monkeypatch.setattr(module, "LARGE", mapped.nbytes - 1)
    assert isinstance(readable(mapped), FileRows)
    assert readable(ROWS) is ROWS


def test_batches_are_the_same_either_way(tmp_path, monkeypatch):
    images = np.random.default_rng(1).integers(0, 256, (20, 16, 16, 3), np.uint8)
    raw = RawSamples(images, np.arange(20) % 2, ("even", "odd"))

    def batch():
        dataset = open_images(raw, size=8, conditional=True, cache=tmp_path)
        return dataset.batch(np.array([5, 0, 5]), in_range(-1, 1))

    x, labels = batch()
    monkeypatch.setattr(module, "LARGE", 0)
    again, known = batch()
    assert torch.equal(x, again)
    assert again.is_contiguous(memory_format=torch.channels_last)
    assert known.tolist() == labels.tolist() == [1, 0, 1]
