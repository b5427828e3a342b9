"""Environments that another tool owns, and what the user is told there."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from genzoo.errors import InstallError
from genzoo.plugins.installing import ownership
from genzoo.plugins.installing.ownership import Home, Wish, check_changeable

WISH = Wish(["genzoo-flow>=1"], ["/home/my plugin"], [], ["genzoo-flow", "genzoo-dots"])


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A virtual environment that belongs to nobody but the user."""
    folders = {name: tmp_path / name for name in ("genzoo", "base", "base/lib", "genzoo/site")}
    for folder in folders.values():
        folder.mkdir()
    return Home(*folders.values())


def obstacle(home: Home, wish: Wish = WISH) -> InstallError:
    with pytest.raises(InstallError) as caught:
        check_changeable(home, wish)
    return caught.value


def test_ones_own_environment_may_be_changed(home: Home) -> None:
    check_changeable(home, WISH)


def test_the_running_environment_is_described() -> None:
    home = Home.current()
    assert (home.prefix / "bin").is_dir()
    assert (home.stdlib / "os.py").is_file()


def test_pipx_is_told_in_its_own_words(home: Home) -> None:
    (home.prefix / "pipx_metadata.json").touch()
    error = obstacle(home)
    assert error.message == "pipx owns this environment."
    assert error.hint == (
        "Type: pipx inject genzoo 'genzoo-flow>=1' && "
        "pipx inject --editable genzoo '/home/my plugin'"
    )
    hint = obstacle(home, Wish(removals=["genzoo-flow", "genzoo-dots"])).hint
    assert hint == "Type: pipx uninject genzoo genzoo-flow genzoo-dots"


def test_uv_tool_gets_the_whole_set(home: Home) -> None:
    (home.prefix / "uv-receipt.toml").touch()
    error = obstacle(home, Wish(["genzoo-new"], ["/p"], [], ["genzoo-dots"]))
    assert error.message == "'uv tool' owns this environment."
    assert error.hint == (
        "Type: uv tool install genzoo --with genzoo-dots --with genzoo-new --with-editable /p"
    )
    hint = obstacle(home, Wish(removals=["a"], plugins=["a", "b"])).hint
    assert hint == "Type: uv tool install genzoo --with b"


def test_the_systems_python_is_left_alone(home: Home) -> None:
    (home.stdlib / "EXTERNALLY-MANAGED").touch()
    system = replace(home, prefix=home.base_prefix)
    error = obstacle(system)
    assert "belongs to the system" in error.message
    assert "python3 -m venv" in error.hint
    # A virtual environment made from it belongs to the user.
    check_changeable(home, WISH)


def test_site_packages_that_cannot_be_written_are_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != home.site_packages)
    error = obstacle(home)
    assert f"'{home.site_packages}' cannot be written" in error.message
    assert "another environment" in error.hint
    assert "python3 -m venv" in obstacle(replace(home, prefix=home.base_prefix)).hint


def test_a_genzoo_of_this_user_takes_plugins_of_this_user(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    check_changeable(replace(home, user_site=Path(ownership.__file__).parents[2]), WISH)
    assert obstacle(replace(home, user_site=home.stdlib))


def test_conda_is_noticed(home: Home) -> None:
    assert not home.is_conda
    (home.prefix / "conda-meta").mkdir()
    assert home.is_conda
    check_changeable(home, WISH)
