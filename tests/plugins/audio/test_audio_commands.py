"""Commands make the same sounds again, whatever they write them to and wherever a run stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from genzoo.cli.main import main
from genzoo_audio.audio_kind import PAUSE

RATE, FRAMES = 8000, 800
STEPS = 6
SMALL = ("--width", 8, "--latent-dim", 3, "--batch-size", 5, "--device", "cpu", "--tracker", "none")


def call(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tones of two classes, and a run on them."""
    place = tmp_path_factory.mktemp("audio")
    (place / "tones").mkdir()
    time = np.arange(FRAMES) / RATE
    for number in range(16):
        name, hertz = (("low", 400), ("high", 2000))[number % 2]
        tone = 0.3 * np.sin(2 * np.pi * (hertz + 5 * number) * time)
        soundfile.write(place / "tones" / f"{name}_{number}.wav", tone, RATE)
    train(place, place / "run", "--steps", STEPS)
    return place


def train(place: Path, out: Path, *options: object) -> None:
    data = (place / "tones", "--seconds", FRAMES / RATE, "--label-from", "{label}_{number}")
    call("train", "spec-vae", *data, "--conditional", *SMALL, *options, "-o", out)


def test_a_run_on_sounds_goes_on_to_the_same_bits(place: Path, tmp_path: Path) -> None:
    train(place, tmp_path / "parted", "--steps", STEPS // 2)
    call("train", "--resume", tmp_path / "parted", "--steps", STEPS)
    parted, whole = (
        (run / "artifact" / "model.safetensors").read_bytes()
        for run in (tmp_path / "parted", place / "run")
    )
    assert parted == whole


def test_samples_go_to_one_file_with_pauses_and_are_those_of_an_array(
    place: Path, tmp_path: Path
) -> None:
    command = ("sample", place / "run", "-n", 3, "--seed", 5)
    call(*command, "-o", tmp_path / "x.wav")
    call(*command, "-o", tmp_path / "x.npz")
    values, rate = soundfile.read(tmp_path / "x.wav", dtype="int16")
    rows = np.load(tmp_path / "x.npz")["sounds"]
    pause = np.zeros(round(PAUSE * RATE), np.int16)
    assert (rate, rows.shape, rows.dtype) == (RATE, (3, 1, FRAMES), np.int16)
    expected = np.concatenate([rows[0, 0], pause, rows[1, 0], pause, rows[2, 0]])
    np.testing.assert_array_equal(values, expected)
    assert (np.abs(rows.astype(int)).max(2) > 100).all()
    assert (rows[0] != rows[2]).any()


def test_a_folder_holds_the_same_sounds_apart(place: Path, tmp_path: Path) -> None:
    command = ("sample", place / "run", "-n", 3, "--label", "low")
    call(*command, "-o", tmp_path / "apart")
    call(*command, "-o", tmp_path / "x.npz")
    rows = np.load(tmp_path / "x.npz")["sounds"]
    for number, row in enumerate(rows):
        values, _ = soundfile.read(tmp_path / "apart" / f"{number:05}.wav", dtype="int16")
        np.testing.assert_array_equal(values, row[0])
