"""Batches that processes take turns at. What they send is tested with the commands that do."""

import numpy as np
import pytest

from genzoo.distributed.divided_work import batches, in_order, own_batches
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup


def test_batches_are_cut_as_one_process_cuts_them():
    assert list(batches(10, 4)) == [range(4), range(4, 8), range(8, 10)]
    assert list(batches(0, 4)) == []


@pytest.mark.parametrize("count", [1, 7, 64, 65])
def test_every_batch_is_one_process_s_turn(count):
    turns = [list(own_batches(ProcessGroup(rank, 3), count, 8)) for rank in range(3)]
    assert sorted((b for own in turns for b in own), key=lambda b: b.start) == list(
        batches(count, 8)
    )
    assert max(map(len, turns)) - min(map(len, turns)) <= 1


def test_a_process_alone_makes_all_in_order():
    made = list(in_order(SINGLE_PROCESS, lambda numbers: np.array(numbers, np.int16), 10, 4))
    assert [len(rows) for rows in made] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(made), np.arange(10))
