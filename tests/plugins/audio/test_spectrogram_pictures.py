"""Spectrograms: what is loud, and where, is seen."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from genzoo_audio.mel_bands import from_mel, mel_filters, to_mel
from genzoo_audio.spectrogram_pictures import (
    GAP,
    HEIGHT,
    LEFT,
    WIDTH,
    mel_decibels,
    picture_of,
    png_of,
)

RATE = 8000


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE).astype("f4")


def test_mels_are_those_of_the_formula():
    assert float(to_mel(1000.0)) == pytest.approx(999.99, abs=0.01)
    np.testing.assert_allclose(from_mel(to_mel(np.array([20.0, 440, 8000]))), [20, 440, 8000])


@pytest.mark.parametrize(("rate", "size", "bands"), [(8000, 256, 80), (16_000, 512, 40)])
def test_no_band_is_empty_and_filters_peak_in_order(rate, size, bands):
    filters = mel_filters(rate, size, bands)
    assert filters.shape == (bands, size // 2 + 1)
    assert (filters.max(1) > 0.4).all()
    assert (np.diff(filters.argmax(1)) >= 0).all()


def test_wide_bands_have_the_edges_of_their_neighbours():
    """For 8 kHz, 512 bins and 10 bands: compared with edges computed by hand."""
    filters = mel_filters(RATE, 512, 10)
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 4000 / 700), 12) / 2595) - 1)
    hertz = np.arange(257) * RATE / 512
    for band in range(4, 10):
        inside = (hertz > edges[band]) & (hertz < edges[band + 2])
        assert ((filters[band] > 0) == inside).all()
        assert hertz[filters[band].argmax()] == pytest.approx(edges[band + 1], abs=8)


def test_a_full_tone_is_near_zero_decibels_in_its_own_band():
    decibels = mel_decibels(tone(1000), RATE)
    middle = decibels[:, decibels.shape[1] // 2]
    assert middle.max() == pytest.approx(0, abs=3)
    edges = from_mel(np.linspace(0, float(to_mel(RATE / 2)), len(middle) + 2))
    assert edges[1:-1][middle.argmax()] == pytest.approx(1000, abs=60)
    assert np.median(middle) < -60


def test_high_is_up_and_late_is_right():
    silent = np.zeros(RATE // 2, "f4")
    sound = np.concatenate([tone(300, 0.5), silent]) + np.concatenate([silent, tone(3000, 0.5)])
    picture = picture_of(sound[None, None], RATE, None).astype(int).sum(2)
    cell = picture[GAP : GAP + HEIGHT, LEFT : LEFT + WIDTH]
    early, late = cell[:, : WIDTH // 3], cell[:, -WIDTH // 3 :]
    assert early.mean(1).argmax() > HEIGHT / 2 > late.mean(1).argmax()


def test_a_grid_has_a_cell_for_each_sound_and_axes():
    sounds = np.stack([tone(500)[None]] * 5)
    picture = picture_of(sounds, RATE, 3)
    assert picture.shape[1] == LEFT + 3 * (WIDTH + GAP)
    assert picture.shape[0] > 2 * HEIGHT
    assert (picture[:, :LEFT] != 255).any()
    assert (picture[2 * (HEIGHT + GAP) + GAP :] != 255).any()
    empty = picture[2 * GAP + HEIGHT + 9 : 2 * GAP + 2 * HEIGHT - 9, -WIDTH + 9 :]
    assert (empty == 255).all()
    with Image.open(io.BytesIO(png_of(picture))) as image:
        assert image.size == picture.shape[1::-1]


@pytest.mark.parametrize(("rate", "frames"), [(100, 16), (384_000, 4000), (16_000, 160_000)])
def test_any_rate_and_length_is_drawn(rate, frames):
    noise = np.random.default_rng(0).uniform(-1, 1, (1, 2, frames)).astype("f4")
    picture = picture_of(noise, rate, None)
    assert picture[GAP : GAP + HEIGHT, LEFT : LEFT + WIDTH].std() > 1
