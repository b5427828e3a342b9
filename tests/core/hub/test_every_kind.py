"""Every command works with every kind of content or refuses in a sentence, as the table says."""

from __future__ import annotations

import json
import shutil
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

import genzoo
from genzoo.cli.main import COMMANDS
from genzoo.plugins.manager import PluginManager

Run = Callable[..., Result]

PAGE = Path(__file__).parents[3] / "docs" / "content.md"
HEADER, *ROWS = (
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text("utf-8").splitlines()
    if line.startswith("| ")
)
"""What stands in the table: a command, and what is said of it for each kind."""

OTHER = {"architectures", "objectives", "plugins", "install", "lock"}
"""Commands that have nothing to do with content."""

NAMES = ("anna", "kim", "tom", "maria", "tim", "ann", "bob", "joe", "mia", "leo", "max", "eva")
STEPS = 4


@dataclass(frozen=True)
class Content:
    """Data of a kind, and a small architecture that learns them.

    Attributes:
        data: Makes them in a folder, and gives their path.
        architecture: Its name.
        options: What makes it small.
        features: A feature space that is quick.
        imported: Options of the kind that weights alone do not tell.
        prior: One that a run fits when it ends.
        data_options: How samples are cut out of the data.
        labels: Options with which the data have classes.
        file: Makes a file of one sample in a folder.
    """

    data: Callable[[Path], Path]
    architecture: str
    options: dict[str, int]
    file: Callable[[Path], Path]
    features: str
    imported: tuple[str, ...]
    prior: str = "mixture"
    data_options: dict[str, float] = field(default_factory=dict)
    labels: tuple[str, ...] = ()


def images(folder: Path) -> Path:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (24, 16, 16, 3), dtype=np.uint8)
    np.savez(folder / "images.npz", images=pixels, labels=np.arange(24) % 2)
    return folder / "images.npz"


def picture(folder: Path) -> Path:
    from PIL import Image

    Image.fromarray(np.load(images(folder))["images"][0]).save(folder / "one.png")
    return folder / "one.png"


def lines(folder: Path) -> Path:
    labelled = [f"{name}\t{'long' if len(name) > 3 else 'short'}\n" for name in NAMES]
    (folder / "names.tsv").write_text("".join(labelled))
    return folder / "names.tsv"


def line(folder: Path) -> Path:
    (folder / "one.txt").write_text("kim\n")
    return folder / "one.txt"


def tones(folder: Path) -> Path:
    (folder / "tones").mkdir(exist_ok=True)
    time = np.arange(800) / 8000
    for number in range(24):
        name, hertz = (("low", 400), ("high", 2000))[number % 2]
        values = 9000 * np.sin(2 * np.pi * (hertz + 5 * number) * time)
        with wave.open(str(folder / "tones" / f"{name}_{number}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(values.astype("<i2").tobytes())
    return folder / "tones"


def tone(folder: Path) -> Path:
    return tones(folder) / "low_0.wav"


CONTENT = {
    "image": Content(
        images, "conv-vae", {"width": 4, "latent_dim": 3}, picture, "pixels", ("size",)
    ),
    "text": Content(
        lines,
        "text-vae",
        {"width": 8, "layers": 1, "encoder_layers": 1, "heads": 2, "latent_dim": 3},
        line,
        "token-ngrams",
        ("length", "vocabulary"),
        labels=("--label-from", "2"),
    ),
    "audio": Content(
        tones,
        "spec-vae",
        {"width": 8, "latent_dim": 3},
        tone,
        "log-spectrum",
        ("rate", "seconds"),
        prior="class-mixture",
        data_options={"seconds": 0.1},
        labels=("--label-from", "{label}_{number}"),
    ),
}


@pytest.fixture
def manager() -> PluginManager:
    """The plugins that come with genzoo."""
    from genzoo.plugins.manager import default_manager

    return default_manager()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each kind: data, a file, and the run `run`."""
    folders = {}
    for kind, content in CONTENT.items():
        folder = folders[kind] = tmp_path_factory.mktemp(kind)
        content.file(folder)
        genzoo.train(
            content.architecture,
            content.data(folder),
            folder / "run",
            config=content.options,
            steps=STEPS,
            batch_size=4,
            tracker=("none",),
            **content.data_options,
        )
    return folders


@pytest.fixture
def place(trained: dict[str, Path], kind: str, tmp_path: Path) -> Path:
    """A copy of the folder of a kind."""
    return shutil.copytree(trained[kind], tmp_path / "place")


def words(options: Mapping[str, float]) -> list[object]:
    pairs = ((f"--{key.replace('_', '-')}", value) for key, value in options.items())
    return [word for pair in pairs for word in pair]


def calls(kind: str, place: Path) -> dict[str, list[list[object]]]:
    """What is run for each command of the table; of several calls the last is in question."""
    content = CONTENT[kind]
    data, run, file = content.data(place), place / "run", content.file(place)
    small = [
        *words({**content.options, **content.data_options}),
        "--steps",
        STEPS,
        "--batch-size",
        4,
        "--tracker",
        "none",
    ]
    train = ["train", content.architecture, data, *small, "-o", "x"]
    evaluate = ["evaluate", run, data, "-n", 16, "-o", "e.json", "--metrics", "frechet-distance"]
    evaluate += ["--features", content.features]
    push = ["push", run, "owner/model", "--licence", "mit"]
    weights = run / "artifact" / "model.safetensors"
    known = json.loads((run / "artifact" / "config.json").read_text())["kind_options"]
    imported = {**content.options, **{name: known[name] for name in content.imported}}
    settings = [f"--set={key}={value}" for key, value in imported.items()]
    return {
        "train": [train],
        "train --resume": [["train", "--resume", run, "--steps", STEPS + 2]],
        "train --conditional": [[*train, "--conditional", *content.labels]],
        "train --stream": [[*train, "--stream"]],
        "sample": [["sample", run, "-n", 3]],
        "sample --temperature": [["sample", run, "-n", 3, "--temperature", 0.5]],
        "sample --prior": [["sample", run, "-n", 3, "--prior", content.prior]],
        "reconstruct": [["reconstruct", run, file]],
        "encode": [["encode", run, file, "-o", "z.npz"]],
        "decode": [["encode", run, file, "-o", "z.npz"], ["decode", run, "z.npz"]],
        "interpolate": [["interpolate", run, "--from", file, "--seed", 1, "--steps", 3]],
        "directions": [["directions", run, "-n", 2]],
        "edit": [["directions", run, "-n", 2], ["edit", run, "-n", 2]],
        "mix": [["mix", run]],
        "film": [["film", run, "-o", "x.gif"]],
        "fit-prior": [
            ["fit-prior", run, data, "--prior", "mixture", "--set", "components=2", "-o", "m"]
        ],
        "info": [["info", run]],
        "doctor": [["doctor", run]],
        "verify": [["verify", run]],
        "evaluate": [evaluate],
        "compare": [evaluate, ["compare", "e.json", "e.json"]],
        "push": [push],
        "pull": [push, ["pull", "owner/model"]],
        "models": [push, ["pull", "owner/model"], ["models"]],
        "import": [
            ["import", weights, "--architecture", content.architecture, *settings, "-o", "m"]
        ],
    }


def command_of(row: list[str]) -> str:
    return row[0].removeprefix("`genzoo ").removesuffix("`")


def test_the_table_has_every_kind_and_every_command() -> None:
    assert HEADER[1:] == list(CONTENT)
    found = {command_of(row).split()[0] for row in ROWS}
    assert found == {*COMMANDS, "import"} - OTHER


@pytest.mark.parametrize("row", ROWS, ids=command_of)
@pytest.mark.parametrize("kind", CONTENT)
@pytest.mark.usefixtures("hub", "token")
def test_a_command_does_what_the_table_says(
    run: Run, kind: str, row: list[str], place: Path
) -> None:
    *before, last = calls(kind, place)[command_of(row)]
    for call in before:
        run(*call)
    if row[HEADER.index(kind)] == "yes":
        run(*last)
    else:
        assert "Error: " in run(*last, code=2).stderr
