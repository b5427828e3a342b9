"""Cropping and resizing to the pixel: the middle is the middle, to half a pixel and less."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from genzoo.media.image_decoding import DecodeSettings, fit

SIDES = st.integers(1, 20)


def fitted(values: np.ndarray, size: int) -> np.ndarray:
    return fit(Image.fromarray(values), DecodeSettings(size, channels=1)).pixels[..., 0].astype(int)


def ramp(width: int, height: int, step: int) -> np.ndarray:
    """Each column `step` more than the one before."""
    return np.tile(np.arange(width, dtype=np.uint8) * step, (height, 1))


@pytest.mark.parametrize("extra", [2, 4, 8])
def test_an_even_border_is_cut_off_and_not_a_pixel_is_touched(extra):
    values = np.random.default_rng(0).integers(0, 256, (8, 8 + extra), np.uint8)
    middle = values[:, extra // 2 : extra // 2 + 8]
    assert (fitted(values, 8) == middle).all()
    assert (fitted(values.T.copy(), 8) == middle.T).all()


@pytest.mark.parametrize(("width", "expected"), [(9, [50, 70, 90, 110]), (11, [70, 90, 110, 130])])
def test_an_odd_border_is_cut_off_in_the_middle_of_a_pixel(width, expected):
    # The cut begins at (width - 4) / 2, so pixel i lies between columns: (width - 4) / 2 + i.
    values = ramp(width, 4, 20)
    assert (fitted(values, 4) == expected).all()
    assert (fitted(values.T.copy(), 4) == np.array(expected)[:, None]).all()


@pytest.mark.parametrize(
    ("width", "height", "size"), [(48, 8, 4), (47, 8, 4), (48, 4, 8), (47, 4, 8), (47, 12, 4)]
)
def test_a_ramp_keeps_its_place_when_it_is_resized(width, height, size):
    # The middle of pixel i is at left + scale (i + 1/2), where column c reaches from c to c + 1.
    left, scale = (width - height) / 2, height / size
    expected = 5 * (left + scale * (np.arange(size) + 0.5) - 0.5)
    assert np.abs(fitted(ramp(width, height, 5), size) - expected).max() <= 0.75


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 2, 4, 8, 16]), st.integers(0, 99)
)
def test_what_is_mirrored_before_is_mirrored_after(width, height, size, seed):
    values = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    once = fitted(values, size)
    assert np.abs(fitted(values[:, ::-1].copy(), size)[:, ::-1] - once).max() <= 1
    assert np.abs(fitted(values[::-1].copy(), size)[::-1] - once).max() <= 1


def test_one_colour_stays_one_colour_at_every_size():
    for side in (3, 5, 8, 31):
        assert (fitted(np.full((side, side + 3), 77, np.uint8), 8) == 77).all()
