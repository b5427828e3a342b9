"""A few shards at a time on the disk."""

from __future__ import annotations

import errno
import gc
import os
import threading
import time

import pytest

from genzoo.errors import DataError, StorageError
from genzoo_sources import shard_store as module
from genzoo_sources.reader import Patience
from genzoo_sources.shard_store import ShardStore


class Far:
    """Where shards come from; those that are `held` back wait, those in `failing` fail."""

    def __init__(self):
        self.asked = []
        self.failing = {}
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, shard, path):
        self.asked.append(shard)
        self.gate.wait(10)
        if shard in self.failing:
            path.write_bytes(b"a part")
            raise self.failing[shard]
        path.write_bytes(content(shard))


def content(shard):
    return f"shard {shard}".encode()


@pytest.fixture
def far():
    return Far()


@pytest.fixture
def make(tmp_path, far):
    def make(capacity=4, folder="one"):
        patience = Patience(lambda text: None)
        return ShardStore(tmp_path / "streamed" / folder, far, capacity, patience)

    return make


def lying(store):
    return sorted(int(path.name) for path in store.folder.glob("[0-9]*"))


def wait_for(condition):
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_what_is_announced_is_fetched_ahead_and_the_rest_removed(make, far):
    store = make()
    store.prepare([3, 1])
    wait_for(lambda: lying(store) == [1, 3])
    store.prepare([1, 2])
    wait_for(lambda: lying(store) == [1, 2])
    assert store.read(1, 0, 100) == content(1)
    assert store.read(2, 6, 1) == b"2"
    store.prepare([1, 2])
    assert sorted(far.asked) == [1, 2, 3]


def test_without_announcements_those_used_last_stay(make, far):
    store = make(capacity=2)
    for shard in (0, 1, 0, 2, 0, 3):
        assert store.read(shard, 0, 100) == content(shard)
        assert len(lying(store)) <= 2
    assert lying(store) == [0, 3]
    assert far.asked == [0, 1, 2, 3]


def test_what_is_not_announced_does_not_push_out_what_is(make, far):
    store = make(capacity=2)
    store.prepare([0, 1])
    for shard in (5, 6, 0, 1, 7):
        assert store.read(shard, 0, 100) == content(shard)
        assert len(lying(store)) <= 3
    assert sorted(far.asked) == [0, 1, 5, 6, 7]


def test_what_is_no_longer_announced_is_not_fetched(make, far):
    store = make()
    far.gate.clear()
    store.prepare(range(8))
    wait_for(lambda: len(far.asked) == module.AT_ONCE)
    store.prepare([20])
    far.gate.set()
    assert store.read(20, 0, 100) == content(20)
    assert set(far.asked) == {0, 1, 2, 3, 20}


def test_failures_are_told_where_the_shard_is_read_and_tried_again(make, far):
    store = make()
    far.failing = {0: DataError("gone")}
    store.prepare([0, 1])
    assert store.read(1, 0, 100) == content(1)
    with pytest.raises(DataError, match="gone"):
        store.read(0, 0, 100)
    assert not list(store.folder.glob("*.part"))
    far.failing.clear()
    store.prepare([0, 1])
    assert store.read(0, 0, 100) == content(0)


def test_a_full_disk(make, far):
    store = make()
    far.failing = {0: OSError(errno.ENOSPC, "No space left on device")}
    with pytest.raises(StorageError, match="the disk is full") as caught:
        store.read(0, 0, 1)
    assert "GENZOO_CACHE" in caught.value.hint


def test_two_that_share_a_folder_fetch_each_shard_once(make, far):
    stores = [make(), make()]
    for store in stores:
        store.prepare([0, 1, 2])
    for store in stores:
        for shard in range(3):
            assert store.read(shard, 0, 100) == content(shard)
    assert sorted(far.asked) == [0, 1, 2]
    # What one removes, the other still reads.
    stores[0].prepare([3])
    wait_for(lambda: 0 not in lying(stores[0]))
    assert stores[1].read(0, 0, 100) == content(0)
    wait_for(lambda: sorted(far.asked) == [0, 1, 2, 3])


def test_the_end_of_one_does_not_touch_what_another_of_the_process_fetches(make, far):
    going, staying = make(), make()
    far.gate.clear()
    staying.prepare([0])
    wait_for(lambda: far.asked == [0])
    arriving = staying.folder / f".000000{staying._ending}"
    arriving.write_bytes(b"a part")
    folder = going.folder
    del going
    gc.collect()
    assert arriving.exists()
    far.gate.set()
    assert staying.read(0, 0, 100) == content(0)
    assert [path.name for path in folder.glob(".*.part")] == []


def test_what_goes_before_it_was_opened_is_fetched_again(make, far, monkeypatch):
    store = make()
    arrivals = []

    def lose(path):
        arrivals.append(path)
        if len(arrivals) == 2:  # the first look finds nothing, the second follows the arrival
            path.unlink()
        return opened(path)

    opened = module.HeldShard
    monkeypatch.setattr(module, "HeldShard", lose)
    assert store.read(0, 0, 100) == content(0)
    assert far.asked == [0, 0]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOENT])
def test_a_disk_that_fails_is_an_error_and_no_damaged_sample(make, far, number, monkeypatch):
    store = make()
    far.failing = {0: OSError(number, os.strerror(number))}
    with pytest.raises(StorageError, match=os.strerror(number)) as caught:
        store.read(0, 0, 1)
    assert "GENZOO_CACHE" in caught.value.hint
    far.failing.clear()
    shard = store.shard(0)

    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(shard, "_read", fail)
    with pytest.raises(StorageError, match=os.strerror(number)):
        store.read(0, 0, 1)


def test_what_a_killed_run_left_is_used_or_removed(make, far):
    store = make(capacity=2)
    store.folder.mkdir(parents=True)
    for shard in (0, 5, 6):
        (store.folder / f"{shard:06d}").write_bytes(content(shard))
    store.prepare([0, 1])
    assert store.read(0, 0, 100) == content(0)
    assert store.read(1, 0, 100) == content(1)
    assert far.asked == [1]
    assert lying(store) == [0, 1]


def test_what_was_left_of_other_data_goes_after_a_while(make):
    store = make(folder="other")
    store.folder.mkdir(parents=True)
    old, new = (store.folder / name for name in ("000001", ".000002.77.part"))
    for path in (old, new):
        path.write_bytes(b"left")
    os.utime(old, (1, 1))
    make()
    assert not old.exists()
    assert new.exists()


def test_letting_go_removes_all_and_ends_the_threads(make, far):
    before = threading.active_count()
    store = make()
    store.prepare([0, 1])
    assert store.read(0, 0, 100) == store.read(0, 0, 7) == content(0)
    assert store.read(1, 0, 100) == content(1)
    folder = store.folder
    del store
    gc.collect()
    assert not list(folder.glob("[0-9]*"))
    wait_for(lambda: threading.active_count() <= before)
