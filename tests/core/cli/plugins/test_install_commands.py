"""Plan, question and report of install, uninstall, freeze and sync. No package is installed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import genzoo
from genzoo.cli.main import main
from genzoo.cli.plugins import changes
from genzoo.errors import InstallError
from genzoo.plugins import discovery as loader
from genzoo.plugins.installing import installer as installers
from genzoo.plugins.installing import inventory, outcome
from genzoo.plugins.installing.plan import Change
from genzoo.plugins.installing.request import Request
from genzoo.plugins.plugin_status import PluginStatus


class ProcessGroup:
    """Installed plugins, and an installer that changes nothing else.

    Attributes:
        versions: The installed plugin distributions.
        adds: What the installer will find to do.
        requests: What it was asked to install.
        broken: Reasons why plugins do not load.
        asks: Whether there is a terminal.
    """

    def __init__(self, versions: dict[str, str], adds: Sequence[Change] = ()) -> None:
        self.versions = dict(versions)
        self.adds = list(adds)
        self.requests: list[Request] = []
        self.broken: dict[str, str] = {}
        self.asks = False
        self.no_plugins: set[str] = set()

    def plan(self, request: Request) -> list[Change]:
        self.requests.append(request)
        return self.adds

    def install(self, request: Request, plan: Sequence[Change]) -> None:
        self.versions |= {change.name: change.version for change in plan if change in self.adds}

    def uninstall(self, names: Sequence[str]) -> None:
        for name in names:
            del self.versions[name]

    def survey(self, also: Iterable[str] = ()) -> list[PluginStatus]:
        statuses = []
        for name, version in self.versions.items():
            reason, short = self.broken.get(name, ""), name.removeprefix("genzoo-")
            state, items = ("failed", ()) if reason else ("loaded", (f"prior {short}",))
            statuses.append(PluginStatus(name, version, short, state, reason, items))
        return statuses

    def candidates(self) -> list[loader.Candidate]:
        names = self.versions.keys() - self.no_plugins
        return [loader.Candidate(name, "", None, ()) for name in sorted(names)]  # type: ignore[arg-type]

    def distributions(self) -> list[Distribution]:
        return [_Installed(name, version) for name, version in self.versions.items()]


class _Installed(Distribution):
    def __init__(self, name: str, version: str) -> None:
        requires = "Requires-Dist: genzoo-dots<2\n" if name == "genzoo-more" else ""
        self.text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}"

    def read_text(self, filename: str) -> str | None:
        return self.text if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        return Path("/elsewhere") / path


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ProcessGroup:
    """genzoo-dots 1.0 is installed; genzoo-flow 2.0 and what it needs can be added."""
    processes = ProcessGroup(
        {"genzoo-dots": "1.0"},
        [
            Change("add", "genzoo-flow", "2.0", requires=("einops",)),
            Change("add", "einops", "0.8", requested=False),
        ],
    )
    processes.no_plugins = {"einops", "plainlib"}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(installers, "find_installer", lambda listen: processes)
    monkeypatch.setattr(outcome, "survey", processes.survey)
    monkeypatch.setattr(inventory, "find_candidates", processes.candidates)
    monkeypatch.setattr(inventory, "distributions", processes.distributions)
    monkeypatch.setattr(changes, "_can_ask", lambda: processes.asks)
    return processes


def run(*arguments: str, code: int = 0, answer: str = "") -> Result:
    """`genzoo ARGUMENTS`."""
    result = CliRunner().invoke(main, arguments, input=answer)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def test_install_shows_the_plan_and_tells_what_is_new(processes: ProcessGroup) -> None:
    result = run("plugins", "install", "genzoo-flow>=2")
    assert result.stdout == "genzoo-flow 2.0: new prior flow\neinops 0.8: installed\n"
    assert "  add        genzoo-flow 2.0\n  add        einops 0.8\n" in result.stderr
    assert processes.requests[0].requirements == ["genzoo-flow>=2"]


@pytest.mark.usefixtures("processes")
def test_the_short_form_is_the_same_command() -> None:
    assert run("install", "genzoo-flow").stdout.startswith("genzoo-flow 2.0: new prior flow")


def test_options_reach_the_installer(processes: ProcessGroup, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    words = ["--index-url", "u", "--no-index", "--find-links", "a", "--find-links", "b"]
    run("install", "-U", "-e", ".", *words, "--no-build-isolation", "genzoo-flow")
    (request,) = processes.requests
    assert request.upgrade
    assert request.editable == [str(tmp_path)]
    assert request.sources.options() == [*words, "--no-build-isolation"]


def test_a_dry_run_stops_after_the_plan(processes: ProcessGroup) -> None:
    result = run("install", "genzoo-flow", "--dry-run")
    assert result.stdout.startswith("Plan:\n  add        genzoo-flow 2.0\n")
    data = json.loads(run("install", "genzoo-flow", "--dry-run", "--json").stdout)
    assert data["done"] is False
    assert [change["name"] for change in data["plan"]] == ["genzoo-flow", "einops"]
    assert "genzoo-flow" not in processes.versions


def test_json_is_alone_on_stdout(processes: ProcessGroup) -> None:
    data = json.loads(run("install", "genzoo-flow", "--json").stdout)
    assert data["done"] is True
    assert data["new"] == {"genzoo-flow": ["prior flow"]}
    assert data["problems"] == data["no_plugins"] == []


def test_on_a_terminal_it_asks_and_takes_no_for_an_answer(processes: ProcessGroup) -> None:
    processes.asks = True
    result = run("install", "genzoo-flow", "--quiet", answer="n\n", code=1)
    assert "add        genzoo-flow 2.0" in result.stderr
    assert "genzoo-flow" not in processes.versions
    run("install", "genzoo-flow", answer="y\n")
    assert processes.versions["genzoo-flow"] == "2.0"


def test_yes_is_not_asked_again(processes: ProcessGroup) -> None:
    processes.asks = True
    run("install", "genzoo-flow", "--yes")
    assert processes.versions["genzoo-flow"] == "2.0"


def test_changes_to_installed_plugins_are_pointed_out(processes: ProcessGroup) -> None:
    processes.adds = [Change("downgrade", "genzoo-dots", "0.9", "1.0", "https://x/y.whl#sha256=ab")]
    text = run("install", "genzoo-flow", "--dry-run").stdout
    line = "downgrade  genzoo-dots 1.0 -> 0.9 from https://x/y.whl (an installed plugin)\n"
    assert line in text


def test_what_no_longer_fits_is_part_of_the_plan(processes: ProcessGroup) -> None:
    processes.versions["genzoo-more"] = "3.0"
    processes.adds = [Change("upgrade", "genzoo-dots", "2.0", "1.0")]
    text = run("install", "-U", "genzoo-dots", "--dry-run").stdout
    assert text.endswith("genzoo-more needs genzoo-dots<2: it may not work with 2.0.\n")


def test_nothing_to_do_is_said(processes: ProcessGroup) -> None:
    processes.adds = []
    assert "Nothing to do" in run("install", "genzoo-dots").stdout
    data = json.loads(run("install", "genzoo-dots", "--json").stdout)
    assert data == {"plan": [], "done": False, "warnings": []}


def test_a_plugin_that_does_not_load_is_a_failure_with_a_way_back(processes: ProcessGroup) -> None:
    processes.broken = {"genzoo-flow": "no luck"}
    result = run("install", "genzoo-flow", code=1)
    assert "genzoo-flow 2.0: installed, does not load" in result.stdout
    assert "Error: genzoo-flow 2.0 is installed but does not load: no luck.\n" in result.stderr
    assert "Remove it again: genzoo plugins uninstall genzoo-flow\n" in result.stderr


def test_what_is_no_plugin_is_told_with_the_way_to_remove_it(processes: ProcessGroup) -> None:
    processes.adds = [Change("add", "plainlib", "1.0")]
    result = run("install", "plainlib")
    assert "plainlib is installed and declares no genzoo plugin" in result.stderr
    assert "-m pip uninstall plainlib" in result.stderr


def test_a_plugin_that_the_environment_leaves_out_is_told(
    processes: ProcessGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENZOO_PLUGINS", "gan")
    assert "GENZOO_PLUGINS leaves genzoo-flow out" in run("install", "genzoo-flow").stderr


@pytest.mark.usefixtures("processes")
def test_installing_nothing_is_wrong_usage() -> None:
    assert "There is nothing to install." in run("install", code=2).stderr


def test_an_environment_of_another_tool_is_left_alone(
    processes: ProcessGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    (tmp_path / "uv-receipt.toml").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    result = run("install", "genzoo-flow", code=1)
    words = f"uv tool install {tmp_path.name} --with genzoo-dots --with genzoo-flow"
    assert words in result.stderr
    result = run("plugins", "uninstall", "genzoo-dots", code=1)
    assert f"uv tool install {tmp_path.name}\n" in result.stderr
    assert processes.requests == []


def test_conda_is_warned_of(
    processes: ProcessGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    (tmp_path / "conda-meta").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert "This is a conda environment" in run("install", "genzoo-flow").stderr


def test_uninstall_shows_what_goes(processes: ProcessGroup) -> None:
    result = run("plugins", "uninstall", "Genzoo_Dots", "genzoo-dots")
    assert "  remove     genzoo-dots 1.0 (prior dots)\n" in result.stderr
    assert result.stdout == "genzoo-dots 1.0: removed\n"
    assert processes.versions == {}


def test_uninstall_works_for_a_broken_plugin_and_as_json(processes: ProcessGroup) -> None:
    processes.broken = {"genzoo-dots": "no luck"}
    data = json.loads(run("plugins", "uninstall", "genzoo-dots", "--json").stdout)
    assert data["done"] is True
    assert data["registered"] == {"genzoo-dots": []}


def test_uninstall_asks_and_has_a_dry_run(processes: ProcessGroup) -> None:
    run("plugins", "uninstall", "genzoo-dots", "--dry-run")
    processes.asks = True
    run("plugins", "uninstall", "genzoo-dots", answer="n\n", code=1)
    assert processes.versions == {"genzoo-dots": "1.0"}


def test_uninstall_names_those_that_need_it(processes: ProcessGroup) -> None:
    processes.versions["genzoo-more"] = "3.0"
    words = "genzoo-more needs genzoo-dots"
    assert words in run("plugins", "uninstall", "genzoo-dots", "--dry-run").stdout
    assert words in run("plugins", "uninstall", "genzoo-dots").stderr
    processes.versions["genzoo-dots"] = "1.0"
    both = run("plugins", "uninstall", "genzoo-dots", "genzoo-more", "--dry-run")
    assert words not in both.output


@pytest.mark.usefixtures("processes")
def test_uninstall_suggests_for_a_misspelt_name() -> None:
    result = run("plugins", "uninstall", "genzoo-dost", code=2)
    assert "There is no installed plugin named 'genzoo-dost'." in result.stderr
    assert "Did you mean genzoo-dots?" in result.stderr


def test_what_the_installer_leaves_behind_is_an_error(
    processes: ProcessGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "uninstall", lambda names: None)
    result = run("plugins", "uninstall", "genzoo-dots", code=1)
    assert "genzoo-dots is still installed, in '/elsewhere'" in result.stderr


@pytest.mark.usefixtures("processes")
def test_freeze_prints_or_writes(tmp_path: Path) -> None:
    text = run("plugins", "freeze").stdout
    assert text.splitlines()[0] == f"# genzoo=={genzoo.__version__}"
    assert text.splitlines()[-1] == "genzoo-dots==1.0"
    assert run("plugins", "freeze", "-o", "set.txt").stdout == "set.txt\n"
    assert (tmp_path / "set.txt").read_text() == text
    data = json.loads(run("plugins", "freeze", "--json").stdout)
    assert [pin["text"] for pin in data["pins"]] == ["genzoo-dots==1.0"]
    assert data["genzoo"] == genzoo.__version__


def test_sync_does_nothing_when_all_is_right(processes: ProcessGroup, tmp_path: Path) -> None:
    run("plugins", "freeze", "-o", "set.txt")
    result = run("plugins", "sync", "set.txt", "--exact")
    assert result.stdout == "Nothing to do: the plugins are as set.txt has them.\n"
    assert processes.requests == []


def test_sync_installs_in_one_run_what_is_missing(processes: ProcessGroup, tmp_path: Path) -> None:
    (tmp_path / "set.txt").write_text("# genzoo==9.9\ngenzoo-dots==1.0\ngenzoo-flow==2.0\n")
    result = run("plugins", "sync", "set.txt")
    assert "was written with genzoo 9.9" in result.stderr
    assert result.stdout.startswith("genzoo-flow 2.0: new prior flow\n")
    assert [r.requirements for r in processes.requests] == [
        ("genzoo-dots==1.0", "genzoo-flow==2.0")
    ]


def test_sync_removes_others_only_when_exact(processes: ProcessGroup, tmp_path: Path) -> None:
    processes.versions["genzoo-old"] = "0.5"
    (tmp_path / "set.txt").write_text("genzoo-flow==2.0\n")
    processes.adds = [Change("add", "genzoo-flow", "2.0", requires=("genzoo-dots",))]
    text = run("plugins", "sync", "set.txt", "--dry-run").stdout
    assert "remove" not in text
    result = run("plugins", "sync", "set.txt", "--exact")
    assert "  remove     genzoo-old 0.5\n" in result.stderr
    assert result.stdout.splitlines() == [
        "genzoo-flow 2.0: new prior flow",
        "genzoo-old 0.5: removed",
    ]


def test_sync_keeps_what_turns_out_to_be_needed(processes: ProcessGroup, tmp_path: Path) -> None:
    (tmp_path / "set.txt").write_text("genzoo-more==3.0\n")
    # This plan does not know requirements, as that of uv.
    processes.adds = [Change("add", "genzoo-more", "3.0")]
    run("plugins", "sync", "set.txt", "--exact")
    assert processes.versions == {"genzoo-dots": "1.0", "genzoo-more": "3.0"}


def test_what_fails_is_told(
    processes: ProcessGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan(request: Request) -> list[Change]:
        raise InstallError("genzoo-flow 2.0 wants torch<1.", "Ask for another.")

    monkeypatch.setattr(processes, "plan", plan)
    (tmp_path / "set.txt").write_text("genzoo-flow==2.0\n")
    for words in (["plugins", "sync", "set.txt"], ["install", "genzoo-flow"]):
        result = run(*words, code=1)
        assert "Error: genzoo-flow 2.0 wants torch<1.\nAsk for another.\n" in result.stderr
        assert result.stdout == ""


@pytest.mark.parametrize("name", ["install", "uninstall", "freeze", "sync"])
def test_the_commands_are_cheap_to_import(name: str) -> None:
    import subprocess
    import sys

    code = f"import sys, genzoo.cli.plugins.{name}; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {
        "torch",
        "packaging",
        "rich",
        "subprocess",
        "pydantic",
        "genzoo.plugins.installing.installer",
    }
    assert heavy & set(found.stdout.split()) == set()
