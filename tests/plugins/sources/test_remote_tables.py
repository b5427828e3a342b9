"""Data sets of the Hub, of which a few shards lie on the disk at a time."""

from __future__ import annotations

import errno
import time

import numpy as np
import pytest
from hub_repositories import Blob
from hub_server import TOKEN
from image_data import in_range, open_images
from shard_writer import picture, write_shards

from genzoo.errors import DataError, HubError, StorageError, UsageError
from genzoo_sources import remote_tables as table_source

datasets = pytest.importorskip("datasets")


def values(dataset):
    x, _ = dataset.batch(np.arange(len(dataset)), in_range(0, 255))
    return x[:, 0, 0, 0].int().tolist()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "datasets"))


@pytest.fixture
def shards(hub, tmp_path):
    """Tar shards in a repository."""
    folder = write_shards(tmp_path / "shards")
    repository = hub.add("me/shards")
    files = {f"data/train-{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}
    repository.change({name: Blob(content, True) for name, content in files.items()})
    return repository


@pytest.fixture
def tables(hub, tmp_path):
    """Three parquet files of four images, in groups of two, and one for tests."""
    repository = hub.add("me/tables")
    for number in range(3):
        content = parquet(range(4 * number, 4 * number + 4), tmp_path)
        repository.change({f"data/train-0000{number}-of-00003.parquet": Blob(content, True)})
    repository.change({"data/test-00000-of-00001.parquet": Blob(parquet([77], tmp_path), True)})
    return repository


def parquet(numbers, folder, **columns):
    """A file with pictures and their numbers modulo 2."""
    rows = {
        "image": [{"bytes": picture(number), "path": f"{number}.png"} for number in numbers],
        "label": [number % 2 for number in numbers],
    }
    features = datasets.Features(
        image=datasets.Image(), label=datasets.ClassLabel(names=["even", "odd"])
    )
    data = datasets.Dataset.from_dict({**rows, **columns}, features)
    data.to_parquet(folder / "a.parquet", batch_size=2)
    return (folder / "a.parquet").read_bytes()


def lying(tmp_path):
    return [
        path for path in (tmp_path / "cache" / "streamed").glob("*/*") if path.suffix != ".lock"
    ]


def test_tar_shards(shards, tmp_path):
    dataset = open_images("hf:me/shards", conditional=True, stream=True, window=1)
    assert values(dataset) == list(range(12))
    assert dataset.labels.tolist() == [number % 2 for number in range(12)]
    assert dataset.blocks.lengths == (4, 4, 4)
    assert dataset.name == "hf:me/shards"
    assert len(lying(tmp_path)) <= 2


def test_parquet(tables, tmp_path):
    dataset = open_images("hf:me/tables", conditional=True, stream=True, window=1)
    assert values(dataset) == list(range(12))
    assert dataset.labels.tolist() == [number % 2 for number in range(12)]
    assert dataset.classes == ("even", "odd")
    assert dataset.blocks.lengths == (4, 4, 4)
    assert len(lying(tmp_path)) <= 2
    # Nothing was brought here as a whole by the library.
    assert not list((tmp_path / "datasets").rglob("*.arrow"))


@pytest.mark.parametrize("name", ["shards", "tables"])
def test_brought_here_as_a_whole_it_is_the_same(request, name):
    request.getfixturevalue(name)
    near, far = (open_images(f"hf:me/{name}", stream=stream) for stream in (False, True))
    assert values(near) == values(far)
    assert near.fingerprint != far.fingerprint


def test_splits_and_revisions(tables):
    assert values(open_images("hf:me/tables:test", stream=True)) == [77]
    first = next(iter(tables.commits))
    with pytest.raises(DataError, match="cannot be loaded"):
        open_images(f"hf:me/tables@{first}", stream=True)
    with pytest.raises(UsageError, match="has no split 'none'"):
        open_images("hf:me/tables:none", stream=True)


@pytest.mark.parametrize("name", ["shards", "tables"])
def test_the_content_is_what_counts_not_the_commit(request, name):
    repository = request.getfixturevalue(name)
    first = open_images(f"hf:me/{name}", stream=True).fingerprint
    repository.change({"README.md": Blob(b"# Pictures", False)})
    assert open_images(f"hf:me/{name}", stream=True).fingerprint == first
    path, blob = max(repository.find("main").files.items())
    repository.change({path: Blob(blob.content + bytes(512), True)})
    if name == "shards":
        assert open_images(f"hf:me/{name}", stream=True).fingerprint != first


def test_a_private_one_needs_the_token(shards, monkeypatch):
    shards.private = True
    with pytest.raises(DataError, match="cannot be loaded"):
        open_images("hf:me/shards", stream=True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert values(open_images("hf:me/shards", stream=True)) == list(range(12))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "body", [b"<html>Sign in</html>", b"{}", b"[]", b"[" * 100_000, b'{"sha": 5}']
)
def test_an_answer_that_is_not_the_hubs(body, stream, shards, hub):
    hub.faults.answer = (200, {"Content-Type": "text/html" if b"<" in body else "text/json"}, body)
    with pytest.raises(HubError, match="is not the Hugging Face Hub"):
        open_images("hf:me/shards", stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_a_token_that_is_refused(stream, shards, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_that_was_revoked")
    with pytest.raises(HubError, match="refuses your token"):
        open_images("hf:me/shards", stream=stream)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("where", ["", "/resolve/"])
def test_a_limit_on_requests_is_said_at_once(where, stream, shards, hub):
    hub.faults.where, hub.faults.answer = where, (429, {"Retry-After": "4000"}, b"")
    began = time.monotonic()
    with pytest.raises((HubError, DataError), match="wait 4000 seconds"):
        open_images("hf:me/shards", stream=stream)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("stream", [False, True])
def test_answers_that_drip_are_given_up(stream, shards, hub, monkeypatch):
    monkeypatch.setattr("genzoo_sources.hub_library.ANSWERS", 0.5)
    hub.faults.drip, hub.faults.where = 0.05, "/api/"
    began = time.monotonic()
    with pytest.raises(HubError, match="is too slow"):
        open_images("hf:me/shards", stream=stream)
    assert time.monotonic() - began < 5


def test_a_full_disk_is_not_called_a_damaged_data_set(shards, monkeypatch):
    def full(*_, **__):
        try:
            raise OSError(errno.ENOSPC, "No space left on device", "/cache/x")
        except OSError as error:
            raise RuntimeError("it failed") from error

    monkeypatch.setattr("datasets.DatasetBuilder.download_and_prepare", full)
    with pytest.raises(StorageError, match="The disk is full: '/cache/x'"):
        open_images("hf:me/shards")


def test_images_that_are_not_there_and_labels_that_are_missing(tables, tmp_path):
    rows = {
        "image": [
            {"bytes": None, "path": "/etc/hostname"},
            {"bytes": picture(1), "path": None},
            None,
        ],
        "label": [0, None, 1],
    }
    content = parquet([0, 1, 2], tmp_path, **rows)
    tables.change({"data/test-00000-of-00001.parquet": Blob(content, True)})
    heard = []
    dataset = open_images("hf:me/tables:test", stream=True, note=heard.append)
    assert values(dataset) == [1, 1, 1]
    assert dataset.notes == ("No labels: 1 of 3 images has none.",)
    assert "parquet/row 0' cannot be read (it is empty): " in heard[-2]


def test_what_is_no_parquet(tables):
    tables.change({"data/test-00000-of-00001.parquet": Blob(b"PAR1" * 20, True)})
    with pytest.raises(DataError, match=r"test-00000-of-00001\.parquet' cannot be read"):
        open_images("hf:me/tables:test", stream=True)


def test_other_formats_are_brought_here_as_a_whole(hub, tmp_path):
    files = {f"train/{number}.png": Blob(picture(number), True) for number in range(3)}
    hub.add("me/folder").change(files)
    dataset = open_images("hf:me/folder", stream=True)
    assert values(dataset) == [0, 1, 2]
    assert dataset.blocks is None
    assert lying(tmp_path) == []


def test_parquet_that_grows_too_much(tables, monkeypatch):
    monkeypatch.setattr(table_source, "MOST_TIMES", 0)
    monkeypatch.setattr(table_source, "AT_LEAST", 100)
    with pytest.raises(DataError, match="its samples take more than 100 bytes"):
        open_images("hf:me/tables", stream=True)
