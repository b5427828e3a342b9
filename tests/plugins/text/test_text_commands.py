"""Every command takes text, and prints it where people read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from genzoo.cli.main import main

NAMES = ("anna", "kim", "tom", "maria", "tim", "ann", "bob", "joe", "mia", "leo", "max", "eva")
SMALL = ("--width", 8, "--layers", 1, "--encoder-layers", 1, "--heads", 2, "--latent-dim", 3)
SHORT = ("--steps", 10, "--batch-size", 6, "--device", "cpu", "--tracker", "none")

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with names and a run on them."""
    place = tmp_path_factory.mktemp("text")
    (place / "names.txt").write_text("\n".join(NAMES))
    lines = [f"{name}\t{'long' if len(name) > 3 else 'short'}\n" for name in NAMES]
    (place / "names.tsv").write_text("".join(lines))
    told = CliRunner().invoke(
        main,
        [str(each) for each in ("train", "text-vae", place / "names.txt", "-o", place / "run")]
        + [str(each) for each in (*SMALL, *SHORT)],
    )
    assert told.exit_code == 0, told.output
    return place


@pytest.fixture
def run(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object, code: int = 0) -> Result:
        result = CliRunner().invoke(main, [str(each) for each in arguments])
        assert result.exit_code == code, result.output
        return result

    return call


def test_samples_are_printed_and_the_same_in_files(run: Run, place: Path) -> None:
    printed = run("sample", place / "run", "-n", 5).stdout.splitlines()
    assert len(printed) == 5
    assert all(set(line) <= set("".join(NAMES)) for line in printed)
    answer = json.loads(run("sample", place / "run", "-n", 5, "--json").stdout)
    assert answer["samples"] == printed
    run("sample", place / "run", "-n", 5, "-o", "five.txt", "--batch-size", 2)
    assert Path("five.txt").read_text().splitlines() == printed
    run("sample", place / "run", "-n", 5, "-o", "five.jsonl")
    rows = [json.loads(line) for line in Path("five.jsonl").read_text().splitlines()]
    assert [row["text"] for row in rows] == printed
    refused = run("sample", place / "run", "--json", "-o", "-.npz", code=2)
    assert "would both write to standard output" in refused.stderr


def test_draws_are_less_free_with_a_temperature_or_top_p(run: Run, place: Path) -> None:
    command = ("sample", place / "run", "-n", 20)
    cold = run(*command, "--temperature", 0).stdout
    assert run(*command).stdout != cold
    assert run(*command, "--top-p", 0.01).stdout == cold


def test_a_text_is_taken_where_a_file_is(run: Run, place: Path) -> None:
    model = place / "run"
    lines = run("reconstruct", model, "kim", "maria").stdout.splitlines()
    assert lines[::2] == ["kim", "maria"]
    run("encode", model, "kim", "-o", "z.npz")
    assert run("decode", model, "z.npz").stdout.splitlines() == [lines[1]]
    walk = run("interpolate", model, "--from", "kim", "--to", "maria", "--steps", 5).stdout
    assert walk.splitlines()[0] == lines[1]
    assert walk.splitlines()[4] == lines[3]
    from_file = run("reconstruct", model, place / "names.txt", "-n", 2).stdout.splitlines()
    assert from_file[::2] == list(NAMES[:2])


def test_what_looks_like_a_file_is_looked_for(run: Run, place: Path) -> None:
    refused = run("reconstruct", place / "run", "nowhere.txt", "kim", code=1)
    assert "There is no file 'nowhere.txt'" in refused.stderr
    refused = run("reconstruct", place / "run", "Kim!", code=1)
    assert "'Kim!' cannot be read as a text" in refused.stderr


def test_a_run_learns_classes_and_goes_on_to_the_same_bits(run: Run, place: Path) -> None:
    data = ("text-vae", place / "names.tsv", "--label-from", 2, "--conditional", *SMALL, *SHORT)
    data += ("--warmup", 0)  # it would depend on the number of steps
    told = run("train", *data, "-o", "x", "--steps", 4)
    assert "Classes: long (2), short (10)." in told.stderr
    run("train", "--resume", "x", "--steps", 8)
    run("train", *data, "-o", "y", "--steps", 8)
    resumed, whole = (Path(name, "artifact/model.safetensors").read_bytes() for name in "xy")
    assert resumed == whole
    assert len(run("sample", "x", "-n", 3, "--label", "short").stdout.splitlines()) == 3


def test_pieces_of_words_are_kept_in_the_model(run: Run, place: Path) -> None:
    options = ("--tokens", "bpe:260", *SMALL, *SHORT)
    run("train", "text-vae", place / "names.txt", "-o", "x", *options)
    config = json.loads(Path("x/artifact/config.json").read_text())
    assert len(json.loads(config["kind_options"]["vocabulary"])["model"]["vocab"]) == 260
    assert run("reconstruct", "x", "kim").stdout.splitlines()[0] == "kim"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no text in it"),
        (b"Ren\xe9\n", "line 1 is not UTF-8: byte 0xe9; save it as UTF-8"),
        (b"a\0b\n", "line 1 holds a NUL byte, so it is not text"),
    ],
)
def test_hostile_files_are_refused_in_a_sentence(run: Run, content: bytes, reason: str) -> None:
    Path("bad.txt").write_bytes(content)
    refused = run("train", "text-vae", "bad.txt", code=1)
    assert "No text in 'bad.txt' can be read; its only file is" in refused.stderr
    assert reason in refused.stderr


def test_what_is_cut_is_told_with_its_number(run: Run, place: Path) -> None:
    told = run("train", "text-vae", place / "names.txt", "--length", 3, *SMALL, *SHORT)
    assert "Cut the end off 2 of the texts." in told.stderr
