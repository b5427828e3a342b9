"""How pip and uv are called. Programs of the test stand in for them."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genzoo.errors import InstallError
from genzoo.plugins.installing import installer
from genzoo.plugins.installing.installer import Pip, Uv, find_installer, run_tool
from genzoo.plugins.installing.plan import Change
from genzoo.plugins.installing.request import Request, Sources

Install = Callable[..., str]

SOURCES = Sources("https://index.example", True, ("a", "b"), build_isolation=False)
REQUEST = Request(
    requirements=("genzoo-flow>=1", "git+https://git.example/dots"),
    editable=("/home/proj",),
    keep={"torch": "2.15.0+cpu", "genzoo": "0.1.0"},
    upgrade=True,
    sources=SOURCES,
)


class Calls(list[list[str]]):
    """Stands in for `run_tool`: keeps the commands, answers from a list.

    Attributes:
        reports: What pip reports, one per dry run.
        output: What the program prints.
        constraints: Content of the constraints file of each call.
    """

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []
        self.output = ""
        self.constraints: list[str] = []

    def __call__(self, command: list[str], listen: object, keep: object) -> str:
        self.append(command)
        if "--constraint" in command:
            file = command[command.index("--constraint") + 1]
            self.constraints.append(Path(file).read_text())
        if "--report" in command:
            report = Path(command[command.index("--report") + 1])
            report.write_text(json.dumps({"install": self.reports.pop(0)}))
        return self.output


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls = Calls()
    monkeypatch.setattr(installer, "run_tool", calls)
    return calls


def entry(name: str, url: str = "", **info: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "version": "1.0"},
        "download_info": {"url": url, **info},
        "is_direct": bool(url),
        "requested": True,
    }


def ignore(line: str) -> None:
    """Hears nothing."""


def test_pip_of_this_interpreter_gets_everything(calls: Calls) -> None:
    git = entry(
        "genzoo-dots", "https://git.example/dots", vcs_info={"vcs": "git", "commit_id": "a1"}
    )
    calls.reports = [[git, entry("genzoo-proj", "file:///home/proj"), entry("genzoo-flow")]]
    plan = Pip(ignore).plan(REQUEST)
    assert [change.name for change in plan] == ["genzoo-dots", "genzoo-flow", "genzoo-proj"]
    (command,) = calls
    assert command[:5] == [sys.executable, "-P", "-m", "pip", "--no-input"]
    assert {"install", "--dry-run", "--upgrade", "--no-index", "--no-build-isolation"} <= {*command}
    assert command[-4:] == [*REQUEST.requirements, "-e", "/home/proj"]
    words = " ".join(command)
    assert "--index-url https://index.example --no-index --find-links a --find-links b" in words
    assert calls.constraints == ["torch==2.15.0+cpu\ngenzoo==0.1.0\n"]


def test_pip_installs_without_the_dry_run(calls: Calls) -> None:
    Pip(ignore).install(Request(["genzoo-flow"]), [Change("add", "genzoo-flow", "1.0")])
    (command,) = calls
    assert "--dry-run" not in command
    assert command[-1] == "genzoo-flow"
    assert "--upgrade" not in command


def test_pip_is_made_to_replace_another_commit_of_the_same_version(
    calls: Calls, install: Install, site: Path
) -> None:
    install("dots", "")
    (info,) = site.glob("genzoo_dots-*.dist-info")
    url = "https://git.example/dots"
    old, new = [
        {"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}} for commit in ("a1", "b2")
    ]
    (info / "direct_url.json").write_text(json.dumps(old))
    request = Request([f"git+{url}", "numpy"])
    for found, action in ((new, ["reinstall"]), (old, [])):
        calls.clear()
        calls.reports = [[], [entry("genzoo-dots", **found)]]
        plan = Pip(ignore).plan(request)
        assert [change.action for change in plan] == action
        assert {"--force-reinstall", "--no-deps"} <= {*calls[1]}
        assert calls[1][-1] == f"git+{url}"
        assert "numpy" not in calls[1]
    calls.clear()
    Pip(ignore).install(request, [Change("reinstall", "genzoo-dots", "1", "1", f"git+{url}@b2")])
    assert calls[1][-1] == f"git+{url}@b2"
    assert {"--force-reinstall", "--no-deps"} <= {*calls[1]}


def test_pip_uninstalls_without_asking(calls: Calls) -> None:
    Pip(ignore).uninstall(["a", "b"])
    assert calls[0][-4:] == ["uninstall", "--yes", "a", "b"]


def test_uv_is_told_the_interpreter_and_upgrades_only_what_is_named(calls: Calls) -> None:
    calls.output = " + genzoo-flow==1.0\n + einops==0.8\n"
    plan = Uv("/bin/uv", ignore).plan(REQUEST)
    assert [(change.name, change.requested) for change in plan] == [
        ("genzoo-flow", True),
        ("einops", False),
    ]
    (command,) = calls
    assert command[:5] == ["/bin/uv", "pip", "install", "--python", sys.executable]
    assert "--upgrade-package=genzoo-flow" in command
    assert {"--dry-run", "--no-index", "--no-build-isolation"} <= {*command}
    assert "--upgrade" not in command
    assert calls.constraints == ["torch==2.15.0+cpu\ngenzoo==0.1.0\n"]
    Uv("/bin/uv", ignore).install(REQUEST, plan)
    assert "--dry-run" not in calls[1]
    Uv("/bin/uv", ignore).uninstall(["a"])
    assert (calls[2][2], calls[2][-1]) == ("uninstall", "a")


def test_pip_is_preferred_then_uv_then_there_is_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(find_installer(ignore), Pip)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/uv")
    assert find_installer(ignore) == Uv("/bin/uv", ignore)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InstallError, match=r"neither pip .* nor uv.*-m ensurepip"):
        find_installer(ignore)


def test_both_streams_are_heard_line_by_line() -> None:
    heard: list[str] = []
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr)"
    assert run_tool([sys.executable, "-c", code], heard.append, {}) == "one\ntwo\n"
    assert heard == ["one", "two"]


def test_a_tool_that_fails_is_an_error_and_is_never_asked() -> None:
    code = "import sys; sys.exit('ERROR: no luck' + sys.stdin.read())"
    with pytest.raises(InstallError, match="It cannot be installed: no luck"):
        run_tool([sys.executable, "-c", code], ignore, {})
