"""Every option of the commands that use a model is heeded, over all batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import genzoo
from genzoo.artifact.save import save_model
from genzoo.cli.latent_files import read_latents
from genzoo.cli.main import main
from genzoo.plugins.manager import default_manager

SMALL = ("--batch-size", "2")
"""Several batches for five samples."""

CHANGES: dict[str, dict[str, tuple[str, ...]]] = {
    "sample": {
        "seed": ("--seed", "1"),
        "labels": ("--label", "b"),
        "truncation": ("--truncation", "0.5"),
        "prior": ("--prior", "mixture"),
        "precision": ("--precision", "bf16"),
    },
    "decode": {"labels": ("--label", "b"), "precision": ("--precision", "bf16")},
    "encode": {"labels": ("--label", "b"), "precision": ("--precision", "bf16")},
    "reconstruct": {"labels": ("--label", "b"), "precision": ("--precision", "bf16")},
    "interpolate": {
        "seeds": ("--seed", "3", "--seed", "4"),
        "label": ("--label", "b"),
        "start": ("--from", "0.png", "--seed", "1"),
        "end": ("--to", "0.png", "--seed", "0"),
        "loop": ("--loop",),
        "precision": ("--precision", "bf16"),
    },
    "evaluate": {
        "seed": ("--seed", "1"),
        "truncation": ("--truncation", "0.5"),
        "label_prior": ("--label-prior", "data"),
        "prior": ("--prior", "mixture"),
        "features": ("--features", "pixels", "--held-out", "held.npz"),
        "held_out": ("--held-out", "held.npz"),
        "count": ("-n", "17"),
        "metrics": ("--metrics", "kernel-distance"),
    },
}
"""A value for each option that changes every sample, or the numbers."""

ELSEWHERE = {
    *("model", "files", "data", "latents", "given"),  # What is worked on.
    *("out", "count", "steps", "pictures", "frames", "fps"),  # How much, and where to.
    *("device", "batch_size", "stream"),  # What must change nothing.
    # Their own tests.
    *("size", "max_pixels", "temperature", "reproduce", "features_file", "truncated_layers"),
    *("attributes", "looked_through"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of two classes and a further prior, files and latents."""
    place = tmp_path_factory.mktemp("options")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (24, 16, 16, 3), dtype=np.uint8)
    labels = np.arange(24) % 3 // 2
    np.savez(place / "data.npz", images=images, labels=labels, classes=np.array(["a", "b"]))
    np.savez(place / "held.npz", images=images[::-1], labels=labels)
    for number in range(5):
        Image.fromarray(images[number]).save(place / f"{number}.png")
    options = {"batch_size": 8, "steps": 2, "size": 16, "conditional": True}
    result = genzoo.train(
        "conv-vae", place / "data.npz", place / "run", tracker=("none",), **options
    )
    registry = default_manager().registry
    model = genzoo.load(result.artifact)
    save_model(model, place / "model", registry=registry)
    latents = rng.standard_normal((5, *model.latent_spec.shape)).astype(np.float32)
    np.savez(place / "latents.npz", latents=latents, labels=np.zeros(5, np.int64))
    return place


@pytest.fixture(scope="module")
def plain_rows() -> dict[str, Any]:
    """What commands make without further options, by command; filled as it is needed."""
    return {}


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def rows(command: str, place: Path, out: Path, *options: str) -> Any:
    """What a command makes, row by row; the values of an evaluation."""
    work = {
        "sample": ["-n", "5"],
        "decode": ["latents.npz"],
        "encode": [f"{number}.png" for number in range(5)],
        "reconstruct": [f"{number}.png" for number in range(5)],
        "interpolate": ["--steps", "5"],
        "evaluate": ["data.npz", "-n", "16", "--features", "pixels"],
    }[command]
    target = out / f"{len(list(out.iterdir()))}.{'json' if command == 'evaluate' else 'npz'}"
    of_classes = ["--label", "a"] if command in ("encode", "reconstruct") else []
    if "--label" in options:
        of_classes = []
    run(command, "model", *work, *of_classes, "-o", str(target), "--json", *SMALL, *options)
    if command == "evaluate":
        record = json.loads(target.read_text())
        return {value["name"]: value["value"] for value in record["values"]}
    return np.load(target)["latents" if command == "encode" else "images"]


@pytest.mark.parametrize(
    ("command", "option"),
    [(command, option) for command, options in CHANGES.items() for option in options],
)
def test_every_option_is_heeded_in_every_batch(
    place: Path,
    plain_rows: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    option: str,
) -> None:
    monkeypatch.chdir(place)
    if command not in plain_rows:
        plain_rows[command] = rows(command, place, tmp_path)
    plain = plain_rows[command]
    other = rows(command, place, tmp_path, *CHANGES[command][option])
    if command == "evaluate":
        assert other != plain
        return
    same = [np.array_equal(one, two) for one, two in zip(plain, other, strict=True)]
    # Labels take turns, so that what is asked of all is as it was for those that had it.
    expected = 2 if option == "labels" and command == "sample" else 0
    ends = {"start": 1, "end": 1, "loop": 1}.get(option, 0)
    assert sum(same) == expected or (ends and sum(same) <= ends)


def test_no_option_is_forgotten() -> None:
    for name, changes in CHANGES.items():
        command = main.load(name)  # type: ignore[attr-defined]
        exposed = {each.name for each in command.params if each.expose_value}
        assert exposed - ELSEWHERE == set(changes) - ELSEWHERE, name


def test_labels_are_those_asked_for_in_every_batch(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    made = rows("sample", place, tmp_path, "--label", "b", "--label", "b", "--label", "a")
    model = genzoo.load(place / "model")
    expected = model.kind.rows(model.sample(5, labels=[1, 1, 0, 1, 1]), model.sample_spec)
    assert np.abs(made.astype(int) - expected.astype(int)).max() <= 1


@pytest.mark.parametrize("ending", [".npz", ".safetensors"])
def test_latents_are_decoded_as_the_classes_that_they_were_encoded_as(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.chdir(place)
    file, made = str(tmp_path / f"z{ending}"), tmp_path / "made.npz"
    files, of_classes = ["0.png", "1.png", "2.png"], ["--label", "b", "--label", "a"]
    run("encode", "model", *files, *of_classes, "-o", file, "--json", *SMALL)
    latents, labels, _ = read_latents(Path(file))
    assert labels == [1, 0, 1]
    run("decode", "model", file, "-o", str(made), "--json", *SMALL)
    model = genzoo.load(place / "model")
    expected = model.kind.rows(model.decode(latents, [1, 0, 1]), model.sample_spec)
    with np.load(made) as content:
        assert np.abs(content["images"].astype(int) - expected.astype(int)).max() <= 1


def test_ends_of_a_path_are_the_reconstructions_of_their_class(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    kept = rows("reconstruct", place, tmp_path, "--label", "b")
    path = rows("interpolate", place, tmp_path, "--from", "0.png", "--to", "1.png", "--label", "b")
    difference = kept[:2].astype(int) - path[[0, -1]].astype(int)
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("command", [name for name in CHANGES if name != "evaluate"])
def test_the_batch_size_changes_nothing(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(place)
    plain = rows(command, place, tmp_path)
    other = rows(command, place, tmp_path, "--batch-size", "64")
    assert np.abs(plain.astype(float) - other.astype(float)).max() <= 1
