"""Plans whose pieces do not fit are refused before anything is decoded or written."""

from __future__ import annotations

from pathlib import Path

import pytest
from shard_writer import picture

import genzoo
from genzoo.data import cache
from genzoo.errors import CapabilityError, SpecError, UsageError
from genzoo.training.planned_run import check_batch
from genzoo.training.training_config import TrainingConfig


class Processes:
    def __init__(self, size: int) -> None:
        self.size = size


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def build(*args):
        raise AssertionError("something is decoded")

    monkeypatch.setattr(cache, "build_entry", build)
    for number in range(6):
        path = tmp_path / "photos" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(picture(number, size=16))
    return tmp_path / "photos"


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"device": "cuda:7"}, UsageError, "device 'cuda:7' is not available"),
        ({"size": 1024}, SpecError, "cannot model images of 1024x1024"),
        ({"size": 50}, SpecError, "cannot model images of 50x50"),
        ({"conditional": True}, UsageError, "all 6 images are in the folder itself"),
        ({"batch_size": 7}, UsageError, "larger than the data, which has 6"),
        ({"objective": "wgan-gp", "architecture": "dcgan"}, CapabilityError, "wgan-gp"),
        ({"objective": "elbo"}, CapabilityError, "lacks encoder and decoder"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_follows_from_options_and_listing_is_said_first(photos, options, kind, message):
    given = {"architecture": "convgan", "size": 32, "batch_size": 4, "steps": 1, **options}
    with pytest.raises(genzoo.GenzooError, match=message) as caught:
        genzoo.train(given.pop("architecture"), photos, photos.parent / "run", **given)
    assert isinstance(caught.value, kind)
    assert not (photos.parent / "run").exists()
    assert not list(Path("cache").rglob("rows.npy"))


@pytest.mark.parametrize(
    ("batch", "count", "size", "hint"),
    [
        (4, 3, 1, "Use --batch-size 3 or less."),
        (64, 7, 2, "Use --batch-size 6 or less."),
        (8, 1, 2, "It takes at least 2, one for each process."),
        (3, 9, 2, "Use a multiple of 2: --batch-size counts the samples of all."),
    ],
)
def test_what_is_said_of_a_batch_would_do(batch, count, size, hint):
    with pytest.raises(UsageError) as caught:
        check_batch(TrainingConfig(batch_size=batch), count, Processes(size))
    assert caught.value.hint == hint


@pytest.mark.parametrize(("batch", "count", "size"), [(3, 3, 1), (6, 7, 2), (1, 1, 1)])
def test_a_batch_that_was_said_to_do_does(batch, count, size):
    check_batch(TrainingConfig(batch_size=batch), count, Processes(size))
