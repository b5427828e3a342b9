"""The next batch is read before it is asked for."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from genzoo.data.prefetch import ReadAhead
from genzoo.errors import DataError


class Recording:
    """Rows that say in which thread they were read; a negative index fails."""

    shape = (10, 1)

    def __init__(self):
        self.threads: list[str] = []
        self.done = threading.Event()

    def __len__(self):
        return 10

    def read(self, indices):
        self.threads.append(threading.current_thread().name)
        self.done.set()
        if (indices < 0).any():
            raise DataError("no such row")
        return indices[:, None] * 2


@pytest.fixture
def rows():
    return Recording()


FIRST, SECOND = np.array([1, 2]), np.array([3, 4])


def test_what_was_announced_is_read_in_another_thread(rows):
    ahead = ReadAhead(rows)
    ahead.expect(FIRST)
    assert rows.done.wait(10)
    assert ahead.read(FIRST).tolist() == [[2], [4]]
    assert len(rows.threads) == 1
    assert rows.threads[0].startswith("genzoo-data")


def test_what_was_not_announced_is_read_at_once(rows):
    ahead = ReadAhead(rows)
    assert ahead.read(FIRST).tolist() == [[2], [4]]
    assert rows.threads == [threading.current_thread().name]


def test_something_else_in_between_loses_nothing(rows):
    ahead = ReadAhead(rows)
    ahead.expect(FIRST)
    assert ahead.read(SECOND).tolist() == [[6], [8]]
    assert ahead.read(FIRST).tolist() == [[2], [4]]
    assert len(rows.threads) == 2
    # It is given out once.
    ahead.read(FIRST)
    assert len(rows.threads) == 3


def test_an_error_comes_with_its_batch(rows):
    ahead = ReadAhead(rows)
    ahead.expect(np.array([-1]))
    assert ahead.read(FIRST).tolist() == [[2], [4]]
    with pytest.raises(DataError, match="no such row"):
        ahead.read(np.array([-1]))
