"""What users type to name a package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from genzoo import UsageError
from genzoo.plugins.installing.targets import as_plugin, as_project, as_requirement

Install = Callable[..., str]


@pytest.mark.parametrize(
    ("word", "requirement"),
    [
        ("genzoo-flow", "genzoo-flow"),
        ("genzoo-flow[audio]>=1,<2", "genzoo-flow[audio]>=1,<2"),
        ("flow @ https://x.example/f.whl", "flow @ https://x.example/f.whl"),
        ("git+https://x.example/flow", "git+https://x.example/flow"),
        ("https://x.example/flow.git@main", "git+https://x.example/flow.git@main"),
        ("https://x.example/flow.whl", "https://x.example/flow.whl"),
        ("ssh://git@x.example/flow", "git+ssh://git@x.example/flow"),
        ("git@x.example:me/flow.git", "git+ssh://git@x.example/me/flow.git"),
    ],
)
def test_names_and_addresses(word: str, requirement: str) -> None:
    assert as_requirement(word) == requirement


def test_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow").mkdir()
    (tmp_path / "flow/pyproject.toml").touch()
    (tmp_path / "x-1.0-py3-none-any.whl").touch()
    assert as_requirement("./flow") == str(tmp_path / "flow")
    assert as_requirement("./flow[audio]") == f"{tmp_path / 'flow'}[audio]"
    assert as_requirement("x-1.0-py3-none-any.whl") == str(tmp_path / "x-1.0-py3-none-any.whl")
    assert as_project("flow") == str(tmp_path / "flow")


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("genzoo flow", "'genzoo flow' names no package."),
        ("--index-url=x", "'--index-url=x' names no package."),
        ("./nowhere", "There is no file or folder './nowhere'."),
        ("./empty", "holds no package"),
        ("GenZoo", "genzoo itself is no plugin"),
    ],
)
def test_what_names_no_package_is_refused(
    word: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError) as caught:
        as_requirement(word)
    assert complaint in caught.value.message
    assert caught.value.hint


def test_only_folders_are_installed_in_place(tmp_path: Path) -> None:
    (tmp_path / "x.whl").touch()
    with pytest.raises(UsageError, match="is a file"):
        as_project(str(tmp_path / "x.whl"))
    with pytest.raises(UsageError, match="There is no file or folder"):
        as_project(str(tmp_path / "y"))


def test_plugins_are_found_by_name_even_if_broken(install: Install) -> None:
    install("broken", "raise RuntimeError")
    assert as_plugin("Genzoo_Broken", []) == "genzoo-broken"


@pytest.mark.parametrize(
    ("word", "complaint", "hint"),
    [
        ("genzoo-borken", "There is no installed plugin named", "Did you mean genzoo-broken"),
        ("genzoo", "genzoo itself is not removed", "pip uninstall genzoo"),
        ("Torch", "torch is installed but is no plugin", "pip uninstall torch"),
    ],
)
def test_what_is_no_plugin_is_not_uninstalled(
    word: str, complaint: str, hint: str, install: Install
) -> None:
    install("broken", "raise RuntimeError")
    with pytest.raises(UsageError) as caught:
        as_plugin(word, ["torch", "genzoo"])
    assert complaint in caught.value.message
    assert hint in caught.value.hint
