"""`genzoo import`, from a file of weights to samples."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import toys
from click.testing import CliRunner, Result

import genzoo
import genzoo_import
from genzoo import Model, SampleSpec
from genzoo.cli.main import main
from genzoo.model.build import build_model
from genzoo.plugins import manager as plugin_manager
from genzoo.plugins.manager import PluginManager
from genzoo_import.convert import import_weights

Run = Callable[..., Result]
TOY = ("--architecture", "toy-gan", "--size", 8)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> PluginManager:
    """The toys and the command."""
    manager = PluginManager()
    manager.add(toys, "genzoo-toys", "1.2.3")
    manager.add(genzoo_import, "genzoo", genzoo.__version__)
    monkeypatch.setattr(plugin_manager, "default_manager", lambda: manager)
    return manager


@pytest.fixture
def run(manager: PluginManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `genzoo ARGS` in an empty folder. Nothing may escape as a traceback."""
    monkeypatch.chdir(tmp_path)

    def run(*args: object, code: int = 0) -> Result:
        result = CliRunner().invoke(main, [str(arg) for arg in args])
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return run


def original(manager: PluginManager, classes: tuple[str, ...] = ()) -> Model:
    sample = SampleSpec(shape=(3, 8, 8), classes=classes)
    return build_model(manager.registry, "toy-gan", sample, {}, seed=1).eval()


@pytest.fixture
def weights(run: Run, manager: PluginManager) -> Path:
    """A toy generator as a checkpoint in the working directory."""
    generator = original(manager).parts["generator"]
    torch.save({"step": 5, "netG": generator.state_dict(), "netD": {"w": torch.ones(2)}}, "old.pth")
    return Path("old.pth")


def test_an_imported_model_samples_like_the_original(
    run: Run, weights: Path, manager: PluginManager
) -> None:
    result = run("import", weights, *TOY, "-o", "out", "--licence", "MIT")
    assert result.stdout == "out\n"
    assert "Outside the network: 1 tensors, such as netD.w." in result.stderr
    assert "genzoo sample out" in result.stderr
    run("verify", "out")
    samples = genzoo.load(Path("out"), registry=manager.registry).sample(3)
    assert torch.equal(samples, original(manager).sample(3))


def test_python_does_what_the_command_does(weights: Path, manager: PluginManager) -> None:
    model = import_weights(weights, "toy-gan", "out", config={"width": 4}, size=8)
    assert torch.equal(model.sample(3), original(manager).sample(3))
    again = genzoo.load(Path("out"), registry=manager.registry)
    assert torch.equal(again.sample(3), model.sample(3))


def test_the_folder_is_named_like_the_file(run: Run, weights: Path) -> None:
    assert run("import", weights, *TOY, "-q").output == "old\n"
    assert Path("old/config.json").exists()


def test_as_json(run: Run, weights: Path) -> None:
    data = json.loads(run("import", weights, *TOY, "--set", "width=4", "--json").stdout)
    assert data["config"] == {"width": 4}
    assert data["options"] == {"size": 8}
    assert data["prefix"] == "netG"
    assert data["tensors"]["first.weight"] == "netG.first.weight"
    assert data["unused"] == ["netD.w"]


def test_dry_run_shows_what_becomes_what_and_writes_nothing(run: Run, weights: Path) -> None:
    result = run("import", weights, *TOY, "--dry-run")
    assert "first.weight  " in result.stdout
    assert "netG.first.weight" in result.stdout
    assert "netD.w" in result.stdout
    assert not Path("old").exists()


def test_dry_run_of_what_does_not_fit_shows_it_and_fails(run: Run, weights: Path) -> None:
    result = run("import", weights, *TOY, "--set", "width=5", "--dry-run", "--json", code=1)
    rows = json.loads(result.stdout)
    assert {"model": "first.weight", "file": "-", "shape": [5, 6]} in rows
    assert {"model": "-", "file": "netG.first.weight", "shape": [4, 6]} in rows
    assert "does not fit toy-gan" in result.stderr


def test_code_in_a_file_is_refused_in_one_sentence(run: Run) -> None:
    torch.save(torch.nn.Linear(2, 2), "module.pth")
    result = run("import", "module.pth", *TOY, code=1)
    assert result.stderr.splitlines()[0] == (
        "Error: 'module.pth' is refused: it names torch.nn.modules.linear.Linear, which could run "
        "code."
    )
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--set", "colour=1"), "no option named 'colour'"),
        (("--set", "width"), "'width' sets nothing"),
        (("--rename", "a"), "Type --rename OLD=NEW"),
        (("--size", "x"), "give a side as 64"),
        (("--prefix", "netF"), "netG"),
        (("--kind", "sound"), "no kind named 'sound'"),
    ],
)
def test_wrong_usage(run: Run, weights: Path, options: tuple[str, ...], told: str) -> None:
    assert told in run("import", weights, *TOY, *options, code=2).stderr


def test_an_unknown_architecture(run: Run, weights: Path) -> None:
    result = run("import", weights, "--architecture", "toy-gam", code=2)
    assert "Did you mean toy-gan" in result.stderr


def test_classes_are_named(run: Run, manager: PluginManager) -> None:
    labelled = original(manager, ("cat", "dog", "1"))
    torch.save(labelled.parts["generator"].state_dict(), "labelled.pth")
    run("import", "labelled.pth", *TOY, "--classes", "cat, dog,1")
    model = genzoo.load(Path("labelled"), registry=manager.registry)
    assert model.sample_spec.classes == ("cat", "dog", "1")
    assert torch.equal(model.sample(3), labelled.sample(3))


def test_its_help_imports_no_torch() -> None:
    script = "import sys, genzoo_import.command\nprint('torch' in sys.modules)"
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "False\n"
