"""Walks and training runs as films, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from genzoo.cli.main import main

MODEL = "peeps-gan"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def frame_count(path: Path) -> int:
    with Image.open(path) as picture:
        return int(getattr(picture, "n_frames", 1))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_walk_becomes_a_film_whose_ends_are_its_latents() -> None:
    walk = run("interpolate", MODEL, "--seed", "1", "--seed", "2", "--frames", "5", "-o", "w.apng")
    assert walk.exit_code == 0, walk.output
    run("sample", MODEL, "-n", "1", "--seed", "2", "-o", "end.png")
    with Image.open("w.apng") as film, Image.open("end.png") as end:
        assert film.n_frames == 5  # type: ignore[attr-defined]
        film.seek(4)
        last = film.convert("RGB").resize((64, 64), Image.Resampling.NEAREST)
        assert np.abs(np.asarray(last, int) - np.asarray(end.convert("RGB"), int)).max() <= 1


def test_a_loop_through_three_latents_has_three_stretches() -> None:
    seeds = ["--seed", "1", "--seed", "2", "--seed", "3", "--loop"]
    result = run("interpolate", MODEL, *seeds, "--fps", "4", "-o", "walk.webp", "--json")
    assert json.loads(result.stdout) == {"model": MODEL, "frames": 144, "path": "walk.webp"}
    assert frame_count(Path("walk.webp")) == 144


def test_a_webp_is_a_grid_unless_a_film_is_asked_for() -> None:
    assert run("interpolate", MODEL, "--steps", "3", "-o", "walk.webp").exit_code == 0
    assert frame_count(Path("walk.webp")) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frames", "3", "-o", "walk.png"], "--frames and --fps are for films"),
        (["--steps", "3", "-o", "walk.mp4"], "frames, not steps"),
        (["--frames", "2", *["--seed", "1"] * 3, "-o", "walk.mp4"], "at least 3 steps"),
        (["-o", "walk.avi"], "cannot be saved as '.avi'"),
    ],
)
def test_what_makes_no_film_is_refused(arguments: list[str], message: str) -> None:
    result = run("interpolate", MODEL, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def write_snapshots(folder: Path, steps: list[int]) -> None:
    (folder / "samples").mkdir(parents=True)
    for step in steps:
        for what in ("samples", "reconstructions"):
            path = folder / "samples" / f"{what}-{step:09d}.png"
            Image.fromarray(np.full((32, 32, 3), step, np.uint8)).save(path)


def test_the_snapshots_of_a_run_are_shown_in_the_order_of_steps() -> None:
    write_snapshots(Path("run"), [200, 10, 100])
    result = run("film", "run", "-o", "film.apng", "--fps", "2")
    assert result.exit_code == 0, result.output
    assert result.stdout == "film.apng\n"
    with Image.open("film.apng") as film:
        shown = []
        for number in range(film.n_frames):  # type: ignore[attr-defined]
            film.seek(number)
            shown.append(film.convert("L").getpixel((0, 0)))
    assert shown == [10, 100, 200]


def test_a_folder_without_snapshots_and_a_form_that_is_no_film_are_refused() -> None:
    assert "no pictures called samples" in run("film", ".").stderr
    write_snapshots(Path("run"), [1])
    assert "Known: .mp4" in run("film", "run", "-o", "film.png").stderr
    Path("mine.mp4").write_text("mine")
    assert "is there already" in run("film", "run", "-o", "mine.mp4").stderr
