"""How pip and uv are called, and what their answers become. Programs of the test are uv."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from genzoo.errors import InstallError
from genzoo.plugins.installed_packages import KEPT, kept_versions
from genzoo.plugins.package_tool import Change, PackageTool

KEEP = {"torch": "2.15.0+cpu"}


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment without pip, and a uv that keeps how it was called, and fails for `bad`."""
    program, calls = tmp_path / "uv", tmp_path / "calls"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, sys, pathlib\n"
        "words = sys.argv[1:]\n"
        "files = [w.partition('=')[2] for w in words if w.startswith('--constraint=')]\n"
        "call = [[w for w in words if '--constraint=' not in w], *map(open, files)]\n"
        "call = [call[0], *(f.read() for f in call[1:])]\n"
        f"with open({str(calls)!r}, 'a') as f: print(json.dumps(call), file=f)\n"
        "print('one', flush=True)\n"
        "print('two', sys.stdin.read(), file=sys.stderr)\n"
        "sys.exit('bad' in words)\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    return calls


def calls(file: Path) -> list[list[object]]:
    """The words of each call, and the constraints that it got."""
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_uv_is_told_the_interpreter_and_upgrades_only_what_is_named(uv: Path) -> None:
    heard: list[str] = []
    tool = PackageTool(heard.append, KEEP, ["--no-index"], upgrade=True)
    assert not tool.reports
    assert tool.plan(["genzoo-flow"]) == []
    tool.install(["genzoo-flow"], [])
    tool.uninstall(["genzoo-flow"])
    python = ["--python", sys.executable]
    options = ["--upgrade-package=genzoo-flow", "--no-index", "genzoo-flow"]
    assert calls(uv) == [
        [["pip", "install", *python, "--dry-run", *options], "torch==2.15.0+cpu\n"],
        [["pip", "install", *python, *options], "torch==2.15.0+cpu\n"],
        [["pip", "uninstall", *python, "genzoo-flow"]],
    ]
    assert heard == 3 * ["one", "two"]


@pytest.mark.usefixtures("uv")
def test_a_tool_that_fails_is_an_error_with_its_last_words() -> None:
    with pytest.raises(InstallError, match="uv ended with: two"):
        PackageTool(lambda line: None, {}).install(["bad"], [])


def test_without_pip_and_uv_there_is_advice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert shutil.which("uv") is None
    with pytest.raises(InstallError, match=r"neither pip .* nor uv.*-m ensurepip"):
        PackageTool(lambda line: None, {})


@pytest.mark.parametrize(
    ("version", "previous", "action"),
    [
        ("1.0", "", "add"),
        ("", "1.0", "remove"),
        ("2.0", "1.0", "upgrade"),
        ("1.9", "1.10", "downgrade"),
        ("1.0.0", "1.0", "reinstall"),
    ],
)
def test_a_change_is_named_by_its_versions(version: str, previous: str, action: str) -> None:
    assert Change("genzoo-flow", version, previous).action == action


def test_what_must_not_move_is_kept_at_its_version() -> None:
    kept = kept_versions()
    assert set(KEPT) <= set(kept)
    assert kept == {name: version(name) for name in kept}
    lines = [Requirement(line) for line in requires("torch") or ()]
    for one in [one for one in lines if one.marker is None]:
        exact = str(one.specifier).startswith("==")
        assert (one.name in kept) == exact, one


class Silent(PackageTool):
    """pip that is not run: keeps the words of each call."""

    def __init__(self) -> None:
        super().__init__(lambda line: None, {})
        self.calls: list[list[str]] = []

    def _run(self, action: str, *words: str) -> None:
        self.calls.append([word for word in words if "--constraint=" not in word])


def test_pip_installs_just_what_was_planned_and_places_as_they_were_given() -> None:
    address = "git+https://ada:secret@git.example/flow"
    words = ["genzoo-dots>=1", address, ".", "--editable=/home/mine", "genzoo-x @ file:///x.whl"]
    plan = [
        Change("genzoo-dots", "1.3"),
        # The report leaves the password out.
        Change("genzoo-flow", "2.0", source="git+https://git.example/flow@a1b2"),
        Change("einops", "0.8", requested=False),
        Change("helper", "1.0", source="https://x.example/helper.whl", requested=False),
        Change("genzoo-old", "", "1.0"),
    ]
    tool = Silent()
    tool.install(words, plan)
    exact = ["genzoo-dots==1.3", "einops==0.8", "https://x.example/helper.whl"]
    assert tool.calls == [["--force-reinstall", "--no-deps", *exact, *words[1:]]]


def test_where_nothing_is_to_be_done_pip_is_not_run() -> None:
    tool = Silent()
    tool.install(["genzoo-dots"], [])
    assert tool.calls == []
