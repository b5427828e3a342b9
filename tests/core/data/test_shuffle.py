"""Orders of samples, in blocks and without."""

from __future__ import annotations

import numpy as np
import pytest

from genzoo.data.batch_stream import BatchStream
from genzoo.data.shuffle import shuffled
from genzoo.interfaces.data_source import Blocks

LENGTHS = (5, 0, 7, 3, 9, 4, 1)
TOTAL = sum(LENGTHS)
STARTS = np.cumsum([0, *LENGTHS])


def blocks_of(indices):
    return set((np.searchsorted(STARTS, indices, side="right") - 1).tolist())


def random(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def test_without_blocks_it_is_the_permutation():
    assert shuffled(9, None, random()).indices.tolist() == random().permutation(9).tolist()
    assert shuffled(9, None, random()).blocks_from(3) == ()


@pytest.mark.parametrize("window", [1, 2, 3, 7, 100])
def test_each_sample_once_and_no_more_blocks_than_the_window(window):
    order = shuffled(TOTAL, Blocks(LENGTHS, window), random())
    assert sorted(order.indices.tolist()) == list(range(TOTAL))
    assert sorted(sum(order.windows, ())) == list(range(len(LENGTHS)))
    for piece, needed in zip(np.split(order.indices, order.ends[:-1]), order.windows, strict=True):
        assert len(needed) <= window
        assert blocks_of(piece) <= set(needed)


def test_samples_are_mixed_and_blocks_differ_from_epoch_to_epoch():
    stream = BatchStream(400, 3, Blocks((100,) * 4, 2))
    first, second = (stream.take(epoch * 400, 400) for epoch in (0, 1))
    assert (first // 100).tolist() != (second // 100).tolist()
    # Within a window neighbours are as often of two blocks as of one.
    assert 70 < (np.diff(first[:200] // 100) != 0).sum() < 130


def test_the_position_alone_says_what_comes():
    blocks = Blocks(LENGTHS, 2)
    stream = BatchStream(TOTAL, 5, blocks)
    everything = stream.take(0, 4 * TOTAL)
    for start in (0, 3, TOTAL - 1, TOTAL, 2 * TOTAL + 4):
        piece = BatchStream(TOTAL, 5, blocks).take(start, TOTAL)
        assert piece.tolist() == everything[start : start + TOTAL].tolist()


@pytest.mark.parametrize("window", [1, 2, 3, 7])
def test_what_a_batch_needs_has_been_announced(window):
    stream = BatchStream(TOTAL, 5, Blocks(LENGTHS, window))
    for start in range(3 * TOTAL):
        announced = stream.blocks_from(start)
        assert len(announced) <= 2 * window
        assert blocks_of(stream.take(start, 1)) <= set(announced[:window])


def test_nothing_is_announced_without_blocks():
    assert BatchStream(10, 0).blocks_from(3) == ()


def test_the_window_that_follows_is_announced_with_the_one_in_use():
    order = shuffled(TOTAL, Blocks(LENGTHS, 2), random())
    following = (*order.windows[1:], (99,))
    for number, (now, then) in enumerate(zip(order.windows, following, strict=True)):
        for offset in range(order.ends[number - 1] if number else 0, order.ends[number]):
            assert order.blocks_from(offset, (99,)) == now + then


def test_the_first_window_of_the_next_order_is_announced_with_the_last_of_this():
    stream = BatchStream(TOTAL, 5, Blocks(LENGTHS, 2))
    assert blocks_of(stream.take(TOTAL, 1)) <= set(stream.blocks_from(TOTAL - 1)[-2:])
