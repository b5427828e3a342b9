"""Log spectra of waveforms, and waveforms of log spectra."""

from __future__ import annotations

import math

import pytest
import torch

from genzoo import SampleNoise
from genzoo_audio.spectra import FLOOR, Transform, find_phases, pad_to_multiple
from genzoo_audio.spectrum_likelihood import SpectrumGaussian

RATE = 8000
TRANSFORM = Transform.of(RATE, 4000)


def chirp(count: int = 2) -> torch.Tensor:
    """Tones that rise and die away, (count, 1, 4000)."""
    time = torch.arange(4000) / RATE
    pitch = torch.arange(200, 200 + 150 * count, 150)[:, None]
    return (0.5 * torch.sin(2 * math.pi * (pitch * time + 300 * time**2)) * (-4 * time).exp())[
        :, None
    ]


def test_windows_are_about_32_milliseconds_and_overlap_by_three_quarters():
    assert (TRANSFORM.size, TRANSFORM.hop, TRANSFORM.bins, TRANSFORM.times) == (256, 64, 129, 63)
    assert Transform.of(44_100, 44_100).size == 1024
    assert TRANSFORM.log_magnitude(chirp()).shape == (2, 1, 129, 63)


def test_spectra_are_inverted_exactly_where_phases_are_known():
    x = chirp().double()
    torch.testing.assert_close(TRANSFORM.waveform(TRANSFORM.spectrum(x)), x, atol=1e-9, rtol=0)


def test_a_full_tone_has_magnitude_one_over_the_floor():
    time = torch.arange(4000) / RATE
    y = TRANSFORM.log_magnitude(torch.sin(2 * math.pi * 1000 * time)[None, None])
    loudest = math.exp(float(y[0, 0, :, 30].max()) * 2 - 3.5) - FLOOR
    assert loudest == pytest.approx(1.0, abs=0.01)
    silence = TRANSFORM.log_magnitude(torch.zeros(1, 1, 4000))
    torch.testing.assert_close(silence, torch.full_like(silence, (math.log(FLOOR) + 3.5) / 2))


def test_phases_are_found_that_give_the_magnitudes_again():
    magnitude = TRANSFORM.spectrum(chirp().double()).abs()
    again = TRANSFORM.spectrum(find_phases(TRANSFORM, magnitude).double()).abs()
    error = (again - magnitude).norm() / magnitude.norm()
    assert 20 * math.log10(float(error)) < -20


def test_a_waveform_does_not_depend_on_its_batch():
    y = TRANSFORM.log_magnitude(chirp(3))
    together = TRANSFORM.from_log_magnitude(y)
    alone = torch.cat([TRANSFORM.from_log_magnitude(each[None]) for each in y])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert together.abs().max() <= 1


def test_the_likelihood_is_the_gaussian_of_the_log_spectrum():
    x, variance = chirp(), torch.tensor(0.04)
    mean = TRANSFORM.log_magnitude(x) + 0.1
    normal = torch.distributions.Normal(mean, variance.sqrt())
    expected = normal.log_prob(TRANSFORM.log_magnitude(x)).flatten(1).sum(1)
    likelihood = SpectrumGaussian(mean, variance.log(), TRANSFORM)
    torch.testing.assert_close(likelihood.log_prob(x), expected)
    assert likelihood.of_features


def test_draws_come_nearer_to_the_mean_as_they_get_colder():
    likelihood = SpectrumGaussian(TRANSFORM.log_magnitude(chirp()), torch.tensor(-2.0), TRANSFORM)
    mean = TRANSFORM.log_magnitude(likelihood.mean())
    distances = []
    for temperature in (0.0, 0.3, 1.0):
        drawn = likelihood.sample(SampleNoise(0, range(2)), temperature)
        assert drawn.shape == (2, 1, 4000)
        distances.append(float((TRANSFORM.log_magnitude(drawn) - mean).norm()))
    assert distances[0] == pytest.approx(0, abs=1e-3)
    assert distances[0] < distances[1] < distances[2]


def test_padding_reaches_the_next_multiple():
    assert pad_to_multiple(torch.zeros(1, 63), 16, -1.0)[0].tolist() == [0.0] * 63 + [-1.0]
    assert pad_to_multiple(torch.zeros(1, 64), 16, -1.0).shape == (1, 64)
