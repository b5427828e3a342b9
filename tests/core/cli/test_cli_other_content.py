"""Sounds and lines of text, by plugins written against the public API, go all the way.

Each is trained, resumed, sampled, saved, reconstructed, evaluated, examined and published to a
folder, and nothing that is said of it speaks of images.
"""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from pathlib import Path

import lines_kind
import numpy as np
import pytest
import sounds_kind
import torch
from click.testing import Result

import genzoo
import genzoo_vae
from genzoo.artifact.verify import verify
from genzoo.plugins.manager import PluginManager

Run = Callable[..., Result]

SHORT = ("--steps", 20, "--batch-size", 8, "--device", "cpu", "--snapshot-every", 10)
NAMES = ("anna", "kim", "tom", "maria", "tim", "ann", "bob", "joe", "mia", "leo", "max", "eva")


@pytest.fixture(autouse=True)
def _plugins(manager: PluginManager) -> None:
    manager.add(genzoo_vae, "genzoo-vae", "1")
    manager.add(lines_kind, "genzoo-lines", "0.1")
    manager.add(sounds_kind, "genzoo-sounds", "0.1")


@pytest.fixture
def names(run: Run) -> Path:
    """A file of names with their classes, in a folder."""
    folder = Path("names")
    folder.mkdir()
    lines = [f"{name}\t{'long' if len(name) > 3 else 'short'}\n" for name in NAMES]
    Path(folder, "all.tsv").write_text("".join(lines))
    return folder


@pytest.fixture
def tones(run: Run) -> Path:
    """A folder of sounds, their classes in their names."""
    folder = Path("tones")
    folder.mkdir()
    for number in range(20):
        pitch, name = (0.6, "high") if number % 2 else (0.3, "low")
        values = 20_000 * np.sin(np.arange(70) * pitch + number)
        with wave.open(str(folder / f"{name}_{number}.wav"), "wb") as file:
            file.setparams((1, 2, 800, 0, "NONE", ""))
            file.writeframes(values.astype("<i2").tobytes())
    return folder


def silent_on_images(*texts: str) -> bool:
    """Whether nothing is said of images; a picture's mark in a card is not a word."""
    return not any("image" in text.lower() for text in texts)


def said(result: Result) -> str:
    return result.stdout + result.stderr


def lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def test_lines_train_resume_and_publish(run: Run, manager: PluginManager, names: Path) -> None:
    told = [said(run("train", "line-vae", names, "-o", "x", "--conditional", *SHORT))]
    told.append(said(run("train", "--resume", "x", "--steps", 30)))
    run("train", "line-vae", names, "-o", "y", "--conditional", *SHORT, "--steps", 30)
    resumed, whole = (
        genzoo.load(Path(name, "artifact"), registry=manager.registry) for name in "xy"
    )
    assert resumed.sample_spec.classes == ("long", "short")
    assert torch.equal(resumed.sample(7), whole.sample(7))
    assert sorted(path.name for path in Path("x/samples").glob("*30.*")) == [
        "reconstructions-000000030.txt",
        "samples-000000030.txt",
    ]
    assert len(lines("x/artifact/preview.txt")) == 64
    card = Path("x/artifact/README.md").read_text()
    assert "[Samples](preview.txt)" in card
    assert "![" not in card
    assert verify(Path("x/artifact"), manager.registry).ok
    told += [said(run("verify", "x")), said(run("info", "x")), card]
    assert silent_on_images(*told)


def test_lines_of_a_file_that_is_streamed_train_to_the_same_bits(
    run: Run, manager: PluginManager, names: Path
) -> None:
    one = names / "all.tsv"
    run("train", "line-vae", one, "-o", "x", "--conditional", *SHORT)
    run("train", "line-vae", one, "-o", "y", "--conditional", *SHORT, "--stream", "--steps", 10)
    run("train", "--resume", "y", "--steps", 20)
    kept, streamed = (
        genzoo.load(Path(name, "artifact"), registry=manager.registry) for name in "xy"
    )
    assert torch.equal(kept.sample(7), streamed.sample(7))
    run("encode", "y", one, "-o", "z.npz")


def test_lines_are_drawn_with_a_temperature_and_each_by_itself(
    run: Run, manager: PluginManager, names: Path
) -> None:
    run("train", "line-vae", names, "-o", "x", *SHORT)
    run("sample", "x", "-n", 9, "-o", "nine.txt")
    run("sample", "x", "-n", 4, "-o", "four.txt", "--batch-size", 3)
    assert lines("nine.txt")[:4] == lines("four.txt")
    run("sample", "x", "-n", 9, "-o", "cold.txt", "--temperature", 0)
    assert lines("cold.txt") != lines("nine.txt")
    model = genzoo.load(Path("x/artifact"), registry=manager.registry)
    genzoo.save(model.decode(model.draw_latents(9)), model, "best.txt")
    assert lines("best.txt") == lines("cold.txt")
    run("sample", "x", "-n", 3, "-o", "folder")
    assert [path.name for path in sorted(Path("folder").iterdir())] == [
        "00000.txt",
        "00001.txt",
        "00002.txt",
    ]
    run("reconstruct", "x", names, "-n", 2, "-o", "pairs.txt")
    assert lines("pairs.txt")[0] == NAMES[0]
    run("interpolate", "x", "--steps", 5, "-o", "walk.txt")
    assert len(lines("walk.txt")) == 5


def test_lines_are_evaluated_in_words_of_their_own(run: Run, names: Path) -> None:
    run("train", "line-vae", names, "-o", "x", *SHORT)
    told = said(run("evaluate", "x", names, "-n", 40, "-o", "record.json"))
    assert "12 lines of names" in told
    assert silent_on_images(told)
    record = json.loads(Path("record.json").read_text())
    values = {value["name"]: value["value"] for value in record["values"]}
    assert values["ELBO"] <= values["Log-likelihood"] <= 0
    assert "Reconstruction error" not in values
    assert record["protocol"]["data"]["array"] == "lines"
    few = Path("few")
    few.mkdir()
    Path(few, "a.txt").write_text("anna\n")
    refused = run("evaluate", "x", few, code=2)
    assert "'few' has too few lines: 1." in refused.stderr


def test_the_bound_on_lines_is_that_of_their_letters(
    run: Run, manager: PluginManager, names: Path
) -> None:
    """Letters have masses, so that no noise is added: with one draw it is the ELBO's terms."""
    model = genzoo.build("line-vae", registry=manager.registry, seed=1)
    with torch.no_grad():
        for parameter in model.parts["decoder"].parameters():
            parameter.zero_()
    record = genzoo.evaluate(
        model, names, count=8, metrics=["likelihood"], registry=manager.registry
    )
    values = {value.name: value.value for value in record.values}
    uniform = -8 * np.log(len(lines_kind.LETTERS))
    assert values["ELBO"] < uniform
    assert values["ELBO"] < values["Log-likelihood"] < uniform + 0.5


def test_the_doctor_takes_names_that_come_again_for_chance(
    run: Run, hasty_doctor: None, names: Path
) -> None:
    run("train", "line-vae", names, "-o", "x", *SHORT, "--steps", 300, "--learning-rate", 0.02)
    told = said(run("doctor", "x"))
    assert "memorisation" not in told
    assert "narrow-data" not in told
    assert silent_on_images(told)


def test_sounds_name_their_files_and_features(
    run: Run, manager: PluginManager, tones: Path
) -> None:
    told = [said(run("train", "sound-vae", tones, "-o", "x", *SHORT))]
    assert "Cut the end off 20 sounds." in told[0]
    assert {path.suffix for path in Path("x/samples").iterdir()} == {".png"}
    card = Path("x/artifact/README.md").read_text()
    assert "[Samples](preview.wav)\n\n![Samples](preview.png)" in card
    with wave.open("x/artifact/preview.wav") as file:
        assert file.getnframes() == 64 * 64
    run("sample", "x", "-n", 2, "-o", "folder")
    assert [path.name for path in sorted(Path("folder").iterdir())] == ["00000.wav", "00001.wav"]
    assert run("sample", "x", "-n", 2).stdout == "x-seed0.wav\n"
    run("reconstruct", "x", tones / "low_0.wav", "-o", "pair.wav")
    told.append(said(run("evaluate", "x", tones, "-n", 40, "-o", "e.json", "--pictures", "p.wav")))
    assert "20 sounds of tones, in the features genzoo-sounds/loudness" in told[1]
    told += [said(run("doctor", "x")), card.replace("![", "[")]
    assert silent_on_images(*told)
    assert verify(Path("x/artifact"), manager.registry).ok


def test_sounds_that_are_means_have_no_temperature(run: Run, tones: Path) -> None:
    run("train", "sound-vae", tones, "-o", "x", *SHORT)
    refused = run("sample", "x", "--temperature", 0.5, code=2)
    assert "x has no temperature" in refused.stderr


def test_sounds_learn_the_classes_in_their_names(
    run: Run, manager: PluginManager, tones: Path
) -> None:
    run("train", "sound-vae", tones, "-o", "x", "--conditional", *SHORT)
    model = genzoo.load(Path("x/artifact"), registry=manager.registry)
    assert model.sample_spec.classes == ("high", "low")
    run("sample", "x", "-n", 2, "--label", "low", "-o", "low.wav")


def test_an_ending_that_a_kind_does_not_write_is_the_plugins_fault(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sounds_kind.SoundsKind, "preview_endings", (".flac",))
    told = run("train", "sound-vae", "nowhere", code=1)
    assert "names the ending '.flac', which is not among its 'endings'" in told.stderr
