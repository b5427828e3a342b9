"""The kind `audio`: sounds in, and out to files, pictures and trackers."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import genzoo
from genzoo.data.open_dataset import open_dataset
from genzoo.data.read_files import read_labelled
from genzoo_audio.audio_kind import PAUSE, AudioKind
from genzoo_audio.options import AudioOptions

RATE = 8000


def kind_of(**options: object) -> AudioKind:
    return AudioKind(AudioOptions.model_validate(options))


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).uniform(-0.5, 0.5, int(seconds * RATE))
    return (values * 32768).astype(np.int16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Recordings of 0.2 and 0.7 s, one of 2.6 s, one of silence, and a text."""
    place = tmp_path / "sounds"
    place.mkdir()
    soundfile.write(place / "one_anna_0.wav", noise(0.2), RATE)
    soundfile.write(place / "one_bert_0.flac", noise(0.7), RATE)
    soundfile.write(place / "two_anna_0.ogg", noise(2.6), RATE)
    soundfile.write(place / "two_bert_0.wav", np.zeros(RATE, np.int16), RATE)
    (place / "broken.mp3").write_bytes(b"no sound")
    (place / "notes.txt").write_text("none")
    return place


def test_a_folder_becomes_rows_and_everything_is_told(folder):
    options = {"label_from": "{label}_{speaker}_{take}", "silence": -60}
    dataset = open_dataset(str(folder), kind_of(**options))
    assert dataset.rows.shape == (5, 1, RATE)
    assert dataset.rows.dtype == np.int16
    told = " ".join(dataset.notes)
    assert "Padded 2 sounds to 1 s with silence." in told
    assert "Cut 3 sounds of 1 s out of longer recordings." in told
    assert "broken.mp3 (it is damaged, or not a sound that can be read)" in told
    assert "two_bert_0.wav (it is silent)" in told


def test_names_tell_the_classes_of_all_windows(folder):
    (folder / "broken.mp3").unlink()
    kind = kind_of(label_from="{label}_{speaker}_{take}")
    dataset = open_dataset(str(folder), kind, conditional=True)
    assert dataset.classes == ("one", "two")
    assert dataset.labels.tolist() == [0, 0, 1, 1, 1, 1]
    _, names = read_labelled([folder / "two_anna_0.ogg"], dataset.kind, dataset.spec)
    assert names == ("two",) * 3


def test_sounds_that_are_streamed_are_the_same(folder):
    kept, streamed = (open_dataset(str(folder), kind_of(), stream=each) for each in (False, True))
    assert len(kept) == len(streamed) == 6
    order = np.arange(6)
    x, y = kept.batch(order, kept.spec)[0], streamed.batch(order, kept.spec)[0]
    assert torch.equal(x, y)


def test_ends_that_are_left_out_and_limits_are_counted(tmp_path):
    for name, seconds in (("a", 1.2), ("b", 5.0)):
        soundfile.write(tmp_path / f"{name}.wav", noise(seconds), RATE)
    dataset = open_dataset(str(tmp_path), kind_of(max_minutes=0.05))
    assert len(dataset) == 4
    assert "Ends of recordings left out, under half of 1 s each: 1." in dataset.notes
    assert "Recordings used up to 0.05 minutes only: 1." in dataset.notes


def test_the_rate_is_that_of_all_files_or_the_usual_one(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1), 11_025)
    assert open_dataset(str(tmp_path), kind_of()).spec.sample_rate == 11_025
    soundfile.write(tmp_path / "b.wav", noise(1), RATE)
    mixed = open_dataset(str(tmp_path), kind_of(seconds=0.5))
    assert (mixed.spec.sample_rate, mixed.spec.shape) == (16_000, (1, 8000))
    asked = open_dataset(str(tmp_path), kind_of(rate=4000, channels=2))
    assert (asked.spec.sample_rate, asked.spec.shape) == (4000, (2, 4000))


def test_samples_and_rows_are_inverse_for_every_number():
    kind = kind_of(rate=65_536, channels=1)
    rows = np.arange(-32_768, 32_768, dtype=np.int16).reshape(1, 1, -1)
    for low, high in ((-1.0, 1.0), (0.0, 1.0), (-3.0, 5.0)):
        spec = kind.spec().with_range(low, high)
        x = kind.samples(torch.from_numpy(rows), spec)
        assert low <= x.min() < x.max() <= high
        assert (kind.rows(x, spec) == rows).all()
    wild = torch.tensor([[[9.0, -9.0, torch.nan, 0.5]]]).repeat(1, 1, 4)
    small = kind_of(rate=100, seconds=0.16)
    assert small.rows(wild, small.spec())[0, 0, :4].tolist() == [32_767, -32_768, 0, 16_384]
    with pytest.raises(genzoo.SpecError, match="are not"):
        small.rows(wild[:, :, :5], small.spec())


def test_the_options_are_those_of_a_models_samples():
    kind = kind_of(rate=RATE, seconds=0.3, channels=2)
    again = type(kind)(kind_of().options_for_spec(kind.spec()))
    assert again.spec() == kind.spec()
    with pytest.raises(genzoo.SpecError):
        kind.options_for_spec(genzoo.SampleSpec(kind="image", shape=(3, 8, 8)))


def test_arrays_of_several_types_are_taken(tmp_path):
    rows = np.stack([noise(1), noise(1, seed=1)])
    kind = kind_of(rate=RATE)
    same = kind.check(rows, "mine")
    assert same.shape == (2, 1, RATE)
    np.testing.assert_array_equal(kind.check(rows[:, None] / 32_768, "mine"), same)
    np.savez(tmp_path / "short.npz", sounds=rows[:, : RATE // 2])
    padded = open_dataset(str(tmp_path / "short.npz"), kind)
    assert padded.rows.shape == (2, 1, RATE)
    np.testing.assert_array_equal(padded.rows[1, 0, : RATE // 2], rows[1, : RATE // 2])


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((2, 3, 100), np.int16), r"shape \(2, 3, 100\)"),
        (np.zeros(5, np.int16), "shape"),
        (np.zeros((2, 100), np.int32), "int32"),
        (np.full((2, 100), 1.5), "not all from -1 to 1"),
        (np.full((2, 100), np.nan), "not all from -1 to 1"),
    ],
)
def test_arrays_that_are_no_sounds_are_refused(samples, message):
    with pytest.raises(genzoo.DataError, match=message):
        kind_of().check(samples, "mine")


@pytest.mark.parametrize("ending", [".wav", ".flac"])
def test_a_file_holds_all_sounds_with_pauses(ending):
    kind = kind_of(rate=RATE, seconds=0.5)
    spec = kind.spec()
    x = kind.samples(torch.from_numpy(np.stack([noise(0.5), noise(0.5, 1)])[:, None]), spec)
    values, rate = soundfile.read(io.BytesIO(kind.encoded(x, spec, ending)), dtype="int16")
    pause = round(PAUSE * RATE)
    assert (rate, len(values)) == (RATE, RATE + pause)
    np.testing.assert_array_equal(values[: RATE // 2], noise(0.5))
    assert not values[RATE // 2 : RATE // 2 + pause].any()
    np.testing.assert_array_equal(values[-RATE // 2 :], noise(0.5, 1))
    sound = kind.sound(x, spec)
    assert (sound.rate, sound.values.shape) == (RATE, (RATE + pause, 1))


def test_a_folder_gets_a_file_for_each_sound(tmp_path):
    kind = kind_of(rate=RATE, seconds=0.1, channels=2)
    x = torch.zeros(3, 2, 800)
    genzoo.save_samples(x, kind, kind.spec(), tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["00000.wav", "00001.wav", "00002.wav"]
    assert soundfile.info(tmp_path / "out" / names[0]).channels == 2


def test_sounds_of_no_length_are_refused():
    with pytest.raises(genzoo.UsageError, match="have 1 values at 100 Hz"):
        kind_of(rate=100, seconds=0.01)
