"""Data sets of the Hub, of which a few shards lie on the disk at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hub_repositories import Blob
from image_data import in_range, open_images
from shard_writer import write_shards

from genzoo.errors import DataError, UsageError

pytest.importorskip("datasets")


def values(dataset):
    x, _ = dataset.batch(np.arange(len(dataset)), in_range(0, 255))
    return x[:, 0, 0, 0].int().tolist()


@pytest.fixture
def repository(hub, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = write_shards(tmp_path / "shards")
    repository = hub.add("me/shards")
    files = {f"data/train-{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}
    repository.change({name: Blob(content, True) for name, content in files.items()})
    return repository


def test_tar_shards(hub, repository, tmp_path):
    dataset = open_images("hf:me/shards", conditional=True, stream=True, window=1)
    assert values(dataset) == list(range(12))
    assert dataset.labels.tolist() == [number % 2 for number in range(12)]
    assert dataset.blocks.lengths == (4, 4, 4)
    assert dataset.name == "hf:me/shards"
    assert len(list((tmp_path / "cache" / "streamed").glob("*/[0-9]*"))) <= 2
