"""Recordings of any length as windows of one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from genzoo_audio.windows import cut


def ramp(frames: int, channels: int = 1) -> np.ndarray:
    return np.tile(np.arange(1, frames + 1, dtype=np.int16), (channels, 1))


def test_a_short_recording_is_followed_by_zeros():
    windows = cut(ramp(3, 2), 5)
    assert windows.rows.tolist() == [[[1, 2, 3, 0, 0]] * 2]
    assert windows.padded


def test_a_long_one_is_cut_and_its_end_reaches_back():
    windows = cut(ramp(13), 5)
    assert windows.rows[:, 0].tolist() == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [9, 10, 11, 12, 13]]
    assert not windows.ending
    assert not windows.padded


def test_an_end_of_under_half_a_window_is_left_out_and_counted():
    windows = cut(ramp(12), 5)
    assert windows.rows[:, 0].tolist() == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]
    assert windows.ending == 2


def test_silence_goes_from_both_ends_and_with_whole_windows():
    loud, quiet = np.full((1, 5), 20_000, np.int16), np.full((1, 5), -3, np.int16)
    windows = cut(np.concatenate([quiet, loud, quiet, loud, quiet], 1), 5, silence=-60)
    assert windows.rows.tolist() == [loud.tolist()] * 2
    assert (windows.trimmed, windows.silent) == (10, 1)
    assert len(cut(quiet, 5, silence=-60).rows) == 0
    assert len(cut(quiet, 5).rows) == 1


def test_the_loudest_negative_number_is_loud():
    assert len(cut(np.full((1, 5), -32_768, np.int16), 5, silence=0.0).rows) == 1


@given(st.integers(1, 60), st.integers(1, 20), st.sampled_from([None, -90.0, -20.0]))
def test_windows_have_the_length_and_hold_what_was_there(frames, length, silence):
    values = ramp(frames) * 300
    windows = cut(values, length, silence)
    assert windows.rows.shape[1:] == (1, length)
    assert set(windows.rows.ravel().tolist()) <= {0, *values.ravel().tolist()}
    whole = silence is None and not windows.ending
    assert not whole or set(values.ravel().tolist()) <= set(windows.rows.ravel().tolist())
