"""Plugins installed, written down, brought back and removed, each in an environment of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from environments import Environment, write_wheel

pytestmark = pytest.mark.slow


def plugin(*data_sets: str) -> str:
    """Source text of a plugin that registers data sets, and prints at import."""
    specs = ", ".join(f"DatasetSpec(name={n!r}, target='m:f', version='1')" for n in data_sets)
    return dedent(f"""
        from genzoo import DatasetSpec, hookimpl

        print("a greeting")

        @hookimpl
        def genzoo_datasets():
            return [{specs}]
    """)


BACKEND = """
import pathlib, shutil

def copy(kind, folder):
    (wheel,) = pathlib.Path(kind).glob("*.whl")
    return pathlib.Path(shutil.copy(wheel, folder)).name

def build_wheel(folder, settings=None, metadata=None):
    return copy("whole", folder)

def build_editable(folder, settings=None, metadata=None):
    return copy("editable", folder)
"""


def write_project(folder: Path, name: str, *data_sets: str) -> Path:
    """A project folder of the distribution `genzoo-NAME`, version 1.0, that builds in no time."""
    module, distribution = f"genzoo_{name}", f"genzoo-{name}"
    for kind in ("whole", "editable"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(plugin(*data_sets))
    whole, pointer = {f"{module}.py": plugin(*data_sets)}, {f"{module}.pth": f"{folder}\n"}
    entries = {name: module}
    write_wheel(folder / "whole", distribution, whole, requires=(), entry_points=entries)
    write_wheel(folder / "editable", distribution, pointer, requires=(), entry_points=entries)
    (folder / "backend.py").write_text(BACKEND)
    system = 'requires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (folder / "pyproject.toml").write_text(f"[build-system]\n{system}")
    return folder


def commit(folder: Path) -> str:
    """Commit all of a folder and return the commit's hash."""
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@x.example"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "x"], check=True)
    shown = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return shown.stdout.strip()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment.create(tmp_path_factory.mktemp("first") / "environment")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages."""
    folder = tmp_path_factory.mktemp("wheels")

    def write(name: str, code: str, *requires: str, **facts: Any) -> None:
        files = {f"{name.replace('-', '_')}.py": code}
        write_wheel(folder, name, files, requires=requires, **facts)

    # pip takes a second to follow all that genzoo requires: one of them is enough.
    write("genzoo-broken", "import nowhere_to_be_found", "genzoo")
    write("genzoo-dots", plugin("dots"))
    write("genzoo-dots", plugin("dots", "bars"), version="2.0")
    write("genzoo-old", plugin("old"), "torch<1")
    write("genzoo-base", plugin("base"))
    write("genzoo-ends", "import os; os._exit(3)")
    write("plainlib", "", entry_points={})
    return folder


@pytest.fixture
def options(wheels: Path) -> list[str | Path]:
    """No network."""
    return ["--no-index", "--find-links", wheels, "--no-build-isolation", "--json"]


def result(
    environment: Environment, *arguments: str | Path, code: int = 0
) -> tuple[dict[str, Any], str]:
    """What `genzoo ARGUMENTS` gives as JSON, and its messages."""
    done = environment.genzoo(*arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return (json.loads(done.stdout) if done.stdout else {}), done.stderr


def frozen(environment: Environment) -> dict[str, str]:
    """Each plugin's line in the output of freeze."""
    data, _ = result(environment, "plugins", "freeze", "--json")
    return {pin["name"]: pin["text"] for pin in data["pins"]}


def test_good_and_bad_packages_are_told_apart_and_the_bad_removed(
    environment: Environment, options: list[str | Path]
) -> None:
    packages = ("genzoo-dots==1.0", "genzoo-broken", "plainlib")
    data, messages = result(environment, "install", *packages, *options, code=1)
    assert {c["name"]: c["action"] for c in data["plan"]} == {
        "genzoo-dots": "add",
        "genzoo-broken": "add",
        "plainlib": "add",
    }
    assert data["new"] == {"genzoo-dots": ["data set dots"], "genzoo-broken": []}
    assert data["no_plugins"] == ["plainlib"]
    (problem,) = data["problems"]
    assert "No module named 'nowhere_to_be_found'" in problem["reason"]
    assert "genzoo plugins uninstall genzoo-broken" in messages

    data, _ = result(environment, "plugins", "uninstall", "genzoo-broken", "--json")
    assert data["done"] is True
    data, _ = result(environment, "install", "-U", "genzoo-dots", *options)
    (change,) = data["plan"]
    assert (change["action"], change["previous"], change["version"]) == ("upgrade", "1.0", "2.0")
    assert data["new"] == {"genzoo-dots": ["data set bars"]}
    now = frozen(environment)
    assert now["genzoo-dots"] == "genzoo-dots==2.0"
    assert "genzoo-broken" not in now


def test_what_cannot_be_installed_is_told_in_the_words_of_pip(
    environment: Environment, options: list[str | Path]
) -> None:
    _, messages = result(environment, "install", "genzoo-old", *options, code=1)
    assert "genzoo-old 1.0 depends on torch<1" in messages
    assert "What needs another torch, torchvision or genzoo needs its own env" in messages
    _, messages = result(environment, "install", "genzoo-dost", "-q", *options, code=1)
    words = "Error: pip ended with: ERROR: No matching distribution found for genzoo-dost\n"
    assert messages.startswith(words)


def test_a_plugin_that_ends_the_process_is_told_with_its_remedy(
    environment: Environment, options: list[str | Path]
) -> None:
    data, messages = result(environment, "install", "genzoo-ends", *options, code=1)
    (problem,) = data["problems"]
    assert problem["reason"] == "it ends the process when it is loaded"
    assert "Remove it again: genzoo plugins uninstall genzoo-ends" in messages
    # Neither imports the plugin.
    data, _ = result(environment, "plugins", "uninstall", "genzoo-ends", "--dry-run", "--json")
    assert [(one["action"], one["name"]) for one in data["plan"]] == [("remove", "genzoo-ends")]
    result(environment, "plugins", "uninstall", "genzoo-ends", "--json")
    assert "genzoo-ends" not in frozen(environment)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_folder_and_then_its_repository_at_the_same_version(
    environment: Environment, options: list[str | Path], tmp_path: Path
) -> None:
    project = write_project(tmp_path / "repository", "waves", "waves")
    data, _ = result(environment, "install", project, *options)
    assert data["new"] == {"genzoo-waves": ["data set waves"]}
    write_project(project, "waves", "waves", "tides")
    revision, address = commit(project), f"git+{project.as_uri()}"
    data, _ = result(environment, "install", address, *options)
    assert [change["action"] for change in data["plan"]] == ["reinstall"]
    assert data["new"] == {"genzoo-waves": ["data set tides"]}
    assert frozen(environment)["genzoo-waves"] == f"genzoo-waves @ {address}@{revision}"


def test_a_frozen_set_is_the_same_elsewhere(
    wheels: Path, options: list[str | Path], tmp_path: Path
) -> None:
    first, other = (Environment.create(tmp_path / name) for name in ("first", "other"))
    project = write_project(tmp_path / "my project", "lines", "lines")
    data, _ = result(first, "install", "-e", project, "genzoo-dots==1.0", *options)
    assert set(data["new"]) == {"genzoo-lines", "genzoo-dots"}
    file = tmp_path / "plugins.txt"
    written, _ = result(first, "plugins", "freeze", "-o", file, "--json")

    other.install(
        *(wheels / f"genzoo_{stem}-py3-none-any.whl" for stem in ("dots-2.0", "base-1.0"))
    )
    data, messages = result(other, "plugins", "sync", file, "--exact", *options)
    assert {change["name"]: change["action"] for change in data["plan"]} == {
        "genzoo-dots": "downgrade",
        "genzoo-lines": "add",
        "genzoo-base": "remove",
    }, messages
    assert frozen(other) == {pin["name"]: pin["text"] for pin in written["pins"]}
    again = other.genzoo("plugins", "sync", file, "--exact")
    assert again.stdout == "Nothing to do.\n"
