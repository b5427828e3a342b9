"""What install, uninstall, sync and freeze refuse or answer without running a package tool."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


def test_something_must_be_named(run: Run) -> None:
    result = run("install", code=2)
    assert "There is nothing to install." in result.stderr
    assert "genzoo plugins install genzoo-flow" in result.stderr


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("click", "click is not a plugin.\nTo remove it: pip uninstall click"),
        ("genzoo", "genzoo is not a plugin."),
        ("genzoo-nothing", "There is no installed plugin named 'genzoo-nothing'."),
    ],
)
def test_only_plugins_are_uninstalled(name: str, reason: str, run: Run) -> None:
    assert reason in run("plugins", "uninstall", name, code=2).stderr


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("pipx_metadata.json", "pipx inject genzoo NAME"),
        ("uv-receipt.toml", "uv tool install genzoo --with NAME"),
    ],
)
def test_an_environment_of_another_tool_is_left_to_it(
    file: str, command: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / file).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    result = run("install", "genzoo-flow", code=1)
    assert "Another tool owns this environment." in result.stderr
    assert command in result.stderr


def test_an_unreadable_set_is_refused(run: Run, tmp_path: Path) -> None:
    assert "cannot be read" in run("plugins", "sync", "nothing.txt", code=1).stderr
    (tmp_path / "set.txt").write_text("genzoo-flow==1\n--index-url x\n")
    assert "Line 2 of 'set.txt' is not" in run("plugins", "sync", "set.txt", code=2).stderr


def test_what_is_as_a_file_has_it_needs_nothing(run: Run, tmp_path: Path) -> None:
    run("plugins", "freeze", "-o", "set.txt")
    assert (tmp_path / "set.txt").read_text().startswith("# genzoo==")
    assert run("plugins", "sync", "set.txt").stdout == "Nothing to do.\n"
    data = json.loads(run("plugins", "sync", "set.txt", "--exact", "--json").stdout)
    assert data == {"plan": [], "done": False}
