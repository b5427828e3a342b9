"""Features of sounds tell pitch, loudness and time."""

from __future__ import annotations

import math

import pytest
import torch

from genzoo_audio.spectrum_features import BANDS, PARTS, LogSpectrum

EXTRACTOR = LogSpectrum(torch.device("cpu"))


def tone(share: float, frames: int = 8000, loudness: float = 0.5) -> torch.Tensor:
    """A sine of that share of half the rate, (1, 1, frames) int16."""
    values = loudness * torch.sin(math.pi * share * torch.arange(frames))
    return (values * 32_767).round().to(torch.int16)[None, None]


def test_a_tone_is_loudest_in_its_own_band():
    features = EXTRACTOR.extract(torch.cat([tone(0.05), tone(0.5)]))
    assert features.shape == (2, BANDS * (PARTS + 1))
    loudest = features[:, : BANDS * PARTS].unflatten(1, (BANDS, PARTS)).mean(2).argmax(1)
    # In octaves of bins: 0.05 and 0.5 of 256 bins, of 8 octaves in 32 bands.
    expected = [4 * math.log2(256 * share) for share in (0.05, 0.5)]
    assert loudest.tolist() == pytest.approx(expected, abs=1)


def test_what_is_twice_as_loud_lies_two_log_twos_higher():
    quiet, loud = EXTRACTOR.extract(torch.cat([tone(0.3, loudness=0.25), tone(0.3, loudness=0.5)]))
    band = int(loud[: BANDS * PARTS].argmax())
    assert float(loud[band] - quiet[band]) == pytest.approx(2 * math.log(2), abs=0.02)


def test_early_and_late_sounds_differ_and_rows_do_not_depend_on_others():
    early = tone(0.3)
    early[..., 4000:] = 0
    late = early.flip(2)
    features = EXTRACTOR.extract(torch.cat([early, late]))
    assert float((features[0] - features[1]).abs().max()) > 3
    torch.testing.assert_close(EXTRACTOR.extract(late), features[1:])


def test_the_shortest_sounds_and_silence_have_features():
    features = EXTRACTOR.extract(torch.zeros(1, 2, 16, dtype=torch.int16))
    assert torch.isfinite(features).all()
