"""Tar shards behind addresses."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from file_server import serving
from image_data import SOURCES, in_range, open_images
from points_kind import PointOptions, PointsKind
from shard_writer import picture, write_shard, write_shards

from genzoo.data.batch_stream import BatchStream
from genzoo.data.find_source import lasting_data
from genzoo.data.open_dataset import open_dataset
from genzoo.errors import DataError, UsageError
from genzoo.evaluation.settings import used_samples
from genzoo_sources import shard_index


@pytest.fixture
def shards(tmp_path):
    return write_shards(tmp_path / "shards", count=24, shards=6)


@pytest.fixture
def server(shards):
    with serving() as server:
        server.share(shards)
        yield server


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def pattern(server):
    return f"{server.url}/part-{{000..005}}.tar"


def values(dataset, indices=None):
    wanted = np.arange(len(dataset)) if indices is None else indices
    x, _ = dataset.batch(wanted, in_range(0, 255))
    return x[:, 0, 0, 0].int().tolist()


def test_they_are_what_the_same_shards_on_a_disk_are(shards, pattern):
    far = open_images(pattern, conditional=True, stream=True)
    near = open_images(shards, conditional=True, stream=True)
    stream = BatchStream(len(far), 1, far.blocks)
    for start in range(0, 60, 6):
        far.prepare(stream.blocks_from(start))
        for mine, same in zip(
            far.batch(stream.take(start, 6), far.spec),
            near.batch(stream.take(start, 6), near.spec),
            strict=True,
        ):
            assert mine.equal(same)
    assert far.classes == near.classes
    assert far.labels.tolist() == near.labels.tolist()
    assert far.blocks.lengths == (4,) * 6


def test_few_lie_on_the_disk(tmp_path, pattern):
    dataset = open_images(pattern, stream=True, window=1)
    stream = BatchStream(len(dataset), 0, dataset.blocks)
    for start in range(0, 72, 4):
        dataset.prepare(stream.blocks_from(start))
        assert sorted(values(dataset, stream.take(start, 4)))
        assert 1 <= len(list((tmp_path / "cache" / "streamed").glob("*/[0-9]*"))) <= 2


def test_they_are_looked_through_once(server, pattern, monkeypatch):
    heard = []
    first = open_images(pattern, stream=True, note=heard.append)
    assert heard == [
        "Looking through 6 shards for the first time.",
        "Looked through 6 of 6 shards.",
    ]
    monkeypatch.setattr(shard_index, "look_through", None)
    server.requests.clear()
    second = open_images(pattern, stream=True, note=heard.append)
    assert second.fingerprint == first.fingerprint
    assert len(heard) == 2
    assert {asked for _, asked in server.requests} == {"bytes=0-0"}


def test_the_same_content_elsewhere_and_later_is_the_same_data(server, shards, pattern, tmp_path):
    first = open_images(pattern, stream=True)
    with serving() as another:
        write_shards(tmp_path / "later", count=24, shards=6)
        for number, path in enumerate(sorted((tmp_path / "later").iterdir())):
            os.utime(path, (1, 1))
            path.rename(path.with_name(f"again-{number}.tar"))
        another.share(tmp_path / "later")
        again = open_images(f"{another.url}/again-{{0..5}}.tar", stream=True)
        assert again.fingerprint == first.fingerprint


def test_the_first_look_reads_a_shard_once(server, pattern):
    # Images so large that a reader passes over them.
    noise = np.random.default_rng(0).integers(0, 256, 3 * 2**20, np.uint8).tobytes()
    write_shard(Path("big.tar"), {f"{at}.bin": noise for at in range(2)} | {"3.png": picture(3)})
    server.files = {"/big.tar": Path("big.tar").read_bytes()}
    server.requests.clear()
    assert len(open_images(f"{server.url}/big.tar", stream=True)) == 1
    assert len([asked for path, asked in server.requests if path == "/big.tar"]) <= 4


def test_other_content_is_other_data(server, pattern, tmp_path):
    first = open_images(pattern, stream=True, window=1)
    server.files["/part-003.tar"] = server.files["/part-001.tar"]
    second = open_images(pattern, stream=True)
    assert second.fingerprint != first.fingerprint
    with pytest.raises(DataError, match=r"part-003\.tar' was changed since it was first"):
        values(first)
    assert values(second)[12:16] == [4, 5, 6, 7]


def test_one_that_cannot_be_read_is_replaced_from_its_own_shard(server, pattern, tmp_path):
    files = {"0.png": picture(50), "1.png": picture(51), "2.png": b"no image"}
    write_shard(tmp_path / "a.tar", files)
    server.files["/part-001.tar"] = (tmp_path / "a.tar").read_bytes()
    heard = []
    dataset = open_images(pattern, stream=True, note=heard.append)
    assert values(dataset)[4:7] == [50, 51, 50]
    assert "'part-001.tar/2.png' cannot be read (not an image): 'part-001.tar/0.png'" in heard[-1]


def test_names_of_classes_beside_them(server, pattern):
    server.files["/classes.txt"] = b"even\nodd\n"
    assert open_images(pattern, stream=True).classes == ("even", "odd")
    server.files["/classes.txt"] = b"\xff"
    with pytest.raises(DataError, match=r"classes\.txt' cannot be read"):
        open_images(pattern, stream=True)


def test_other_kinds_are_read_too(server, tmp_path):
    write_shard(tmp_path / "p.tar", {"0.csv": b"1,2\n", "1.csv": b"3,4\n"})
    server.files["/p.tar"] = (tmp_path / "p.tar").read_bytes()
    dataset = open_dataset(
        f"{server.url}/p.tar", PointsKind(PointOptions()), registry=SOURCES, stream=True
    )
    assert dataset.rows.read(np.array([1, 0])).tolist() == [[3, 4], [1, 2]]


def test_a_missing_shard_is_named(server):
    with pytest.raises(
        DataError, match=r"Of the 8 shards .* 2 are missing: .*part-006\.tar'.* 404"
    ):
        open_images(f"{server.url}/part-{{000..007}}.tar", stream=True)


def test_one_that_is_cut_off_is_named(server, pattern):
    server.files["/part-002.tar"] = server.files["/part-002.tar"][:2570]
    with pytest.raises(DataError, match=r"part-002\.tar' cannot be read after \d samples"):
        open_images(pattern, stream=True)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://me:secret@host/a.tar", "user name or password"),
        ("https://host/a.zip", "not an address of tar shards"),
        ("https:///a.tar", "not an address of tar shards"),
    ],
)
def test_addresses_that_are_not_taken(address, told):
    with pytest.raises(UsageError, match=told) as caught:
        open_images(address, stream=True)
    assert "secret" not in str(caught.value)


def test_addresses_are_only_streamed(pattern):
    with pytest.raises(UsageError, match="can only be streamed") as caught:
        open_images(pattern)
    assert "--stream" in caught.value.hint


def test_signatures_are_used_and_not_told(server):
    dataset = open_images(f"{server.url}/part-000.tar?signature=secret", stream=True)
    assert values(dataset) == [0, 1, 2, 3]
    assert dataset.name == f"{server.url}/part-000.tar"


def test_an_address_is_the_same_from_any_folder(pattern):
    assert lasting_data(pattern, SOURCES) == pattern


def test_examples_come_once_and_from_the_first_shards(server, pattern):
    dataset = open_images(pattern, stream=True, window=2)
    assert dataset.spread(4).tolist() == [0, 2, 4, 6]
    first, _ = dataset.again(dataset.spread(4), dataset.spec)
    server.files.clear()
    second, _ = dataset.again(dataset.spread(4), dataset.spec)
    assert first.equal(second)


def test_an_evaluation_fetches_each_shard_once(server, pattern):
    dataset = open_images(pattern, size=8, stream=True, window=1)
    server.requests.clear()
    order = used_samples(dataset)
    found = []
    for start in range(0, len(dataset), 3):
        dataset.prepare(order.blocks_from(start))
        found += values(dataset, order.indices[start : start + 3])
    assert found == order.indices.tolist()
    assert sorted(path for path, _ in server.requests) == sorted(server.files)
