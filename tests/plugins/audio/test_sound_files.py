"""Files of sound, honest and hostile, as 16-bit numbers."""

from __future__ import annotations

import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from genzoo import UndecodableError
from genzoo_audio.sound_files import FULL, read_rate, read_recording

RATE = 8000


def tone(seconds: float = 0.5, hertz: float = 440.0, rate: int = RATE) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype("f4")


def wav(values: np.ndarray, subtype: str = "PCM_16", rate: int = RATE, form: str = "WAV") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, values, rate, subtype, format=form)
    return buffer.getvalue()


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_bit_depth_becomes_16_bits(subtype):
    recording = read_recording(wav(tone(), subtype), RATE, 1)
    assert recording.values.shape == (1, RATE // 2)
    close = 300 if subtype == "PCM_U8" else 1
    np.testing.assert_allclose(recording.values[0], tone() * FULL, atol=close)


@pytest.mark.parametrize(
    ("form", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")]
)
def test_other_forms_are_read(form, subtype):
    recording = read_recording(wav(tone(), subtype, form=form), RATE, 1)
    heard = recording.values[0][:4000].astype(float)
    loudest = np.abs(np.fft.rfft(heard)).argmax() * RATE / len(heard)
    assert loudest == pytest.approx(440, abs=3)
    assert not recording.short


def test_16_bits_stay_as_they_are():
    values = np.arange(-FULL, FULL, 7, dtype=np.int16)
    assert (read_recording(wav(values), RATE, 1).values[0] == values).all()


@pytest.mark.parametrize("rate", [4000, 11_025, 44_100])
def test_resampling_keeps_length_and_pitch(rate):
    recording = read_recording(wav(tone(1.0, rate=rate), rate=rate), RATE, 1)
    assert recording.values.shape[1] == pytest.approx(RATE, abs=2)
    spectrum = np.abs(np.fft.rfft(recording.values[0].astype(float)))
    assert spectrum.argmax() == pytest.approx(440, abs=1)


def test_channels_are_mixed_or_doubled():
    left, right = tone(), np.zeros(RATE // 2, "f4")
    stereo = wav(np.stack([left, right], 1))
    assert read_recording(stereo, RATE, 2).values[1].any() == np.False_
    mixed = read_recording(stereo, RATE, 1).values[0]
    np.testing.assert_allclose(mixed, left * FULL / 2, atol=1)
    doubled = read_recording(wav(left), RATE, 2).values
    assert (doubled[0] == doubled[1]).all()


def test_a_file_is_read_up_to_its_limit_in_bounded_memory(tmp_path):
    """A flac of ten minutes of silence is a few kilobytes: a bomb."""
    path = tmp_path / "bomb.flac"
    soundfile.write(path, np.zeros(10 * 60 * RATE, np.int16), RATE)
    assert path.stat().st_size < 200_000
    tracemalloc.start()
    recording = read_recording(path, RATE, 1, seconds=3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert recording.values.shape == (1, 3 * RATE)
    assert recording.cut
    assert peak < 10_000_000


def test_a_low_rate_does_not_unfold_without_bound():
    """At 1 Hz a kilobyte is a quarter of an hour: the limit counts time, not bytes."""
    recording = read_recording(wav(np.ones(100_000, np.int16), rate=1), RATE, 1, seconds=60)
    assert recording.values.shape[1] == pytest.approx(60 * RATE, abs=RATE)


def test_a_wav_that_lies_about_its_length_gives_what_is_there():
    honest = wav(tone())
    at = honest.index(b"data") + 4
    lying = honest[:at] + struct.pack("<I", 2**31 - 8) + honest[at + 4 :]
    recording = read_recording(lying, RATE, 1)
    assert (recording.values == read_recording(honest, RATE, 1).values).all()


@pytest.mark.parametrize("form", ["FLAC", "OGG", "MP3"])
def test_a_file_cut_short_gives_its_beginning_or_a_reason(form):
    content = wav(
        tone(4.0), {"FLAC": "PCM_16", "OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}[form], form=form
    )
    half = content[: len(content) // 2]
    if form == "MP3":
        assert 0 < read_recording(half, RATE, 1).values.shape[1] < 4 * RATE
    else:
        with pytest.raises(UndecodableError, match=r"damaged|holds no sound"):
            read_recording(half, RATE, 1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(value):
    values = tone()
    values[100] = value
    with pytest.raises(UndecodableError, match="not finite"):
        read_recording(wav(values, "FLOAT"), RATE, 1)


def test_values_beyond_full_scale_are_clipped_and_told():
    recording = read_recording(wav(4 * tone(), "FLOAT"), RATE, 1)
    assert recording.clipped
    assert recording.values.max() == FULL - 1
    assert not read_recording(wav(tone()), RATE, 1).clipped


def test_no_sound_is_a_reason():
    with pytest.raises(UndecodableError, match="holds no sound"):
        read_recording(wav(tone(0)), RATE, 1)
    with pytest.raises(UndecodableError, match="65 channels"):
        read_recording(wav(np.zeros((9, 65), "f4")), RATE, 1)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400), st.sampled_from(["WAV", "FLAC", "OGG", "MP3"]))
def test_damaged_bytes_give_sound_or_a_reason(junk, place, form):
    subtypes = {"WAV": "PCM_16", "FLAC": "PCM_16", "OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}
    content = wav(tone(0.1), subtypes[form], form=form)
    damaged = content[:place] + junk + content[place + len(junk) :]
    try:
        recording = read_recording(damaged, RATE, 1, seconds=5)
    except UndecodableError:
        return
    assert recording.values.dtype == np.int16
    assert recording.values.shape[1] <= 6 * RATE


def test_rates_are_read_from_headers(tmp_path: Path):
    (tmp_path / "a.wav").write_bytes(wav(tone()))
    (tmp_path / "b.wav").write_bytes(b"RIFF")
    assert read_rate(tmp_path / "a.wav") == RATE
    assert read_rate(tmp_path / "b.wav") is None
