"""Nothing of a person's is written over, and nothing that a command reads."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import genzoo
from genzoo.cli.main import COMMANDS, main
from genzoo.cli.options import HomePath
from genzoo.cli.output_paths import refuse_loss, remember
from genzoo.errors import UsageError

MODEL = "peeps-vae"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def picture(path: Path) -> None:
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(path)


COMMANDS_THAT_WRITE = {
    "sample": ["sample", MODEL, "-n", "1", "-o"],
    "reconstruct": ["reconstruct", MODEL, "mine.png", "-o"],
    "interpolate": ["interpolate", MODEL, "--steps", "2", "-o"],
    "decode": ["decode", MODEL, "latents.npz", "-o"],
    "encode": ["encode", MODEL, "mine.png", "-o"],
    "evaluate": ["evaluate", MODEL, "mine.npz", "-o"],
    "pictures": ["evaluate", MODEL, "mine.npz", "--pictures"],
    "freeze": ["plugins", "freeze", "-o"],
    "import": ["import", "x.pth", "--architecture", "dcgan", "-o"],
}


@pytest.mark.parametrize("arguments", COMMANDS_THAT_WRITE.values(), ids=COMMANDS_THAT_WRITE)
def test_no_command_writes_over_what_is_not_genzoos(tmp_path: Path, arguments: list[str]) -> None:
    picture(tmp_path / "mine.png")
    np.savez(tmp_path / "latents.npz", latents=np.zeros((1, 64), np.float32))
    np.savez(tmp_path / "mine.npz", images=np.zeros((9, 64, 64, 3), np.uint8))
    file = tmp_path / ("thesis.npz" if "encode" in arguments else "thesis.png")
    file.write_text("mine")
    folder = tmp_path / "album"
    folder.mkdir()
    (folder / "00000.png").write_text("mine")
    for place in (file, folder):
        result = run(*arguments, str(place))
        assert result.exit_code == 2, result.output
        assert "already" in result.stderr or "cannot be kept" in result.stderr
    assert file.read_text() == (folder / "00000.png").read_text() == "mine"
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["reconstruct", MODEL, "mine.png", "-o", "mine.png"],
        ["reconstruct", MODEL, "mine.png", "-o", "link.png"],
        ["reconstruct", MODEL, "mine.npz", "-o", "mine.npz"],
        ["encode", MODEL, "mine.npz", "-o", "mine.npz"],
        ["decode", MODEL, "latents.npz", "-o", "latents.npz"],
        ["interpolate", MODEL, "--from", "mine.png", "--seed", "1", "-o", "mine.png"],
        ["evaluate", MODEL, "mine.npz", "-o", "mine.npz"],
        ["evaluate", "--reproduce", "record.json", "-o", "record.json"],
    ],
)
def test_no_output_is_its_own_input_even_where_genzoo_wrote_it(
    tmp_path: Path, arguments: list[str]
) -> None:
    picture(tmp_path / "mine.png")
    (tmp_path / "link.png").symlink_to("mine.png")
    np.savez(tmp_path / "latents.npz", latents=np.zeros((1, 64), np.float32))
    np.savez(tmp_path / "mine.npz", images=np.zeros((9, 64, 64, 3), np.uint8))
    (tmp_path / "record.json").write_text("{}")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path in before:
        remember(path)
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert "would be read and written over" in result.stderr
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_genzoo_wrote_and_nobody_changed_is_written_anew(tmp_path: Path) -> None:
    for count in ("1", "2"):
        assert run("sample", MODEL, "-n", count, "-o", "a.png").exit_code == 0
    with (tmp_path / "a.png").open("ab") as file:
        file.write(b"mine")
    assert run("sample", MODEL, "-n", "1", "-o", "a.png").exit_code == 2


def _edited(path: Path) -> None:
    # Long enough after it was written for any clock of a file system.
    with path.open("r+b") as file:
        file.write(b"mine")
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1_000_000_000))


def _lengthened(path: Path) -> None:
    facts = path.stat()
    with path.open("ab") as file:
        file.write(b"mine")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def _replaced(path: Path) -> None:
    facts = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"mine"[:4].ljust(facts.st_size))
    os.utime(other, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [_edited, _lengthened, _replaced])
def test_what_genzoo_wrote_is_a_persons_after_any_change(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("genzoo's")
    remember(path)
    refuse_loss(path)
    change(path)
    with pytest.raises(UsageError, match="not known to be genzoo's"):
        refuse_loss(path)


def test_a_folder_of_samples_is_not_mixed_with_another(tmp_path: Path) -> None:
    assert run("sample", MODEL, "-n", "3", "-o", "s").exit_code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "s").iterdir()}
    result = run("sample", MODEL, "-n", "2", "--seed", "1", "-o", "s")
    assert result.exit_code == 2
    assert "holds something already" in result.stderr
    assert {path.name: path.read_bytes() for path in (tmp_path / "s").iterdir()} == before
    model = genzoo.load(MODEL)
    with pytest.raises(UsageError, match="is there already"):
        genzoo.save_images(model.sample(2), model.sample_spec, tmp_path / "s")


def test_devices_and_pipes_are_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/null"), tmp_path / "pipe"):
        with pytest.raises(UsageError, match="is not a file"):
            refuse_loss(path)


@pytest.mark.parametrize(("out", "form"), [("-", "PNG"), ("-.jpg", "JPEG"), ("-.webp", "WEBP")])
def test_samples_go_to_standard_output_and_nothing_else_does(out: str, form: str) -> None:
    result = run("sample", MODEL, "-n", "2", "-o", out)
    assert result.exit_code == 0, result.stderr
    with Image.open(io.BytesIO(result.stdout_bytes)) as shown:
        assert shown.format == form
    assert run("sample", MODEL, "-n", "2", "-o", "file.png").exit_code == 0
    if out == "-":
        assert result.stdout_bytes == Path("file.png").read_bytes()
    assert not Path("-").exists()


def test_rows_and_latents_go_to_standard_output(tmp_path: Path) -> None:
    result = run("sample", MODEL, "-n", "2", "-o", "-.npz")
    assert np.load(io.BytesIO(result.stdout_bytes))["images"].shape == (2, 64, 64, 3)
    picture(tmp_path / "mine.png")
    result = run("encode", MODEL, "mine.png", "-o", "-.npz")
    assert len(np.load(io.BytesIO(result.stdout_bytes))["latents"]) == 1


def test_standard_output_takes_one_thing() -> None:
    result = run("sample", MODEL, "-n", "1", "-o", "-", "--json")
    assert (result.exit_code, result.stdout_bytes) == (2, b"")


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    result = run("sample", MODEL, "-n", "1", "--out=~/x.png", "--json")
    assert json.loads(result.stdout)["path"] == str(tmp_path / "home" / "x.png")
    picture(tmp_path / "home" / "mine.png")
    assert run("encode", MODEL, "~/mine.png", "-o", "~/x.npz").exit_code == 0
    model = genzoo.load(MODEL)
    genzoo.save_images(model.sample(1), model.sample_spec, "~/y.png")
    names = {path.name for path in (tmp_path / "home").iterdir()}
    assert names == {"mine.png", "x.npz", "x.png", "y.png"}
    assert not (tmp_path / "~").exists()


def every_parameter() -> list[tuple[str, click.Parameter]]:
    group = main
    assert isinstance(group, click.Group)
    found = []
    for name in COMMANDS:
        command: Any = group.load(name)  # type: ignore[attr-defined]
        inner = getattr(command, "commands", {})
        loaded = [command, *(command.load(each) for each in inner if hasattr(command, "load"))]
        found += [(name, parameter) for each in loaded for parameter in each.params]
    return found


def test_every_path_of_every_command_knows_the_home_folder() -> None:
    paths = [(name, each) for name, each in every_parameter() if isinstance(each.type, click.Path)]
    assert len(paths) > 15
    assert [f"{name} {each.name}" for name, each in paths if type(each.type) is not HomePath] == []


@pytest.mark.parametrize("name", ["--heigth", "--hepl", "--helper", "--nothing-like-it"])
def test_an_option_that_no_command_has_is_not_taken_for_help(name: str) -> None:
    for before in ([], ["sample", MODEL], ["plugins", "list"], ["train", "dcgan", "x"]):
        result = run(*before, name)
        assert result.exit_code == 2
        assert "No such option" in result.stderr
        assert "mean" not in result.stderr or "--help'?" not in result.stderr.split("Error", 1)[1]
