"""Many broken packages, really installed beside a good one: all goes on working, all is told."""

from __future__ import annotations

import json
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from broken_packages import FAULTS, install_all
from environments import Environment

from genzoo.plugins.discovery import GROUP

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("broken")
    environment = Environment.create(folder / "environment")
    install_all(environment, folder)
    return environment


@pytest.fixture(scope="module")
def listed(environment: Environment) -> list[dict[str, Any]]:
    """What `genzoo plugins list` says."""
    result = environment.genzoo("plugins", "list", "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def diagnosis(environment: Environment) -> dict[str, Any]:
    """What the doctor says when the package `genzoo-heavy` is heavy."""
    heavy = {"TEST_SLEEP": "1.2", "TEST_TORCH": "1"}
    result = environment.genzoo("plugins", "doctor", "--json", env=heavy)
    assert result.returncode == 1, result.stderr
    return json.loads(result.stdout)


def problems_of(diagnosis: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Problems of one kind by what they are about."""
    return {one["about"]: one for one in diagnosis["problems"] if one["kind"] == kind}


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_plugin_is_listed_with_its_reason(name: str, listed: list[dict[str, Any]]) -> None:
    (row,) = [row for row in listed if row["distribution"] == f"genzoo-{name}"]
    assert (row["version"], row["state"], row["registers"]) == ("1.0", FAULTS[name].state, [])
    assert FAULTS[name].reason in row["reason"]


@pytest.mark.parametrize("name", FAULTS)
def test_the_doctor_knows_cause_place_and_remedy(
    name: str, diagnosis: dict[str, Any], environment: Environment
) -> None:
    fault, distribution = FAULTS[name], f"genzoo-{name}"
    problems = problems_of(diagnosis, fault.state)
    problem = problems[f"the plugin genzoo_{name} of {distribution} 1.0"]
    assert fault.cause in problem["cause"]
    assert problem["remedies"] == [
        fault.remedy.format(distribution),
        f"genzoo plugins uninstall {distribution}",
    ]
    module = environment.site_packages / f"genzoo_{name}.py"
    assert problem["where"] == (f"{module}, line {fault.line}" if fault.line else "")


def test_the_others_are_loaded_whatever_name_they_use(listed: list[dict[str, Any]]) -> None:
    own = distribution("genzoo").entry_points
    loaded = {(row["distribution"], row["name"]) for row in listed if row["state"] == "loaded"}
    assert loaded == {
        *(("genzoo", one.name) for one in own if one.group == GROUP),
        *((f"genzoo-{name}", "vae") for name in ("good", "sulky")),
        *(("genzoo-twin-a", "twin_a"), ("genzoo-twin-b", "twin_b")),
        *((f"genzoo-{name}", name) for name in ("heavy", "empty")),
    }
    (sulky,) = [row for row in listed if row["distribution"] == "genzoo-sulky"]
    assert sulky["registers"] == ["model lost", "tracker sulky", "event step_ended"]


def test_damaged_metadata_is_reported(
    listed: list[dict[str, Any]], diagnosis: dict[str, Any]
) -> None:
    (row,) = [row for row in listed if row["distribution"] == "genzoo-torn"]
    assert (row["version"], row["state"]) == ("1.0", "failed")
    problem = problems_of(diagnosis, "failed")["the distribution genzoo-torn 1.0"]
    assert "Its metadata is damaged" in problem["cause"]


def test_the_doctor_finds_what_is_heavy(diagnosis: dict[str, Any]) -> None:
    (about,) = heavy = problems_of(diagnosis, "imports torch")
    assert about == "the plugin heavy of genzoo-heavy 1.0"
    assert "it imports torch while it is registered" in heavy[about]["cause"]
    assert " s of that in " in heavy[about]["cause"]
    (row,) = [row for row in diagnosis["plugins"] if row["distribution"] == "genzoo-heavy"]
    assert row["seconds"] > 1.2


def test_the_doctor_finds_what_slows_every_command(environment: Environment) -> None:
    only = {"TEST_SLEEP": "1.2", "GENZOO_PLUGINS": "heavy"}
    result = environment.genzoo("plugins", "doctor", env=only)
    assert result.returncode == 1, result.stderr
    assert "The plugin heavy of genzoo-heavy 1.0\nstate  slow\n" in result.stdout
    assert " s of that in genzoo_heavy. Every command waits for that" in result.stdout
    assert "type   genzoo --no-plugin genzoo-heavy COMMAND\n" in result.stdout
    assert result.stdout.endswith("\n1 problem; 1 plugin is loaded.\n")


def test_the_doctor_finds_what_clashes_or_does_nothing(diagnosis: dict[str, Any]) -> None:
    names = problems_of(diagnosis, "ambiguous name")
    assert names["the architecture twin"]["distributions"] == ["genzoo-twin-a", "genzoo-twin-b"]
    both = "Say genzoo-twin-a/twin or genzoo-twin-b/twin."
    assert names["the architecture twin"]["cause"].endswith(both)
    assert set(names) == {"the architecture twin", "the objective r3gan"}
    assert set(problems_of(diagnosis, "registers nothing")) == {
        "the plugin empty of genzoo-empty 1.0"
    }
    command = problems_of(diagnosis, "hidden command")["the command sample"]
    assert command["remedies"] == ["genzoo genzoo-good/sample"]
    model = problems_of(diagnosis, "absent architecture")["the model genzoo-sulky/lost"]
    assert model["remedies"] == ["genzoo plugins install genzoo-flow"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], "genzoo-good/sample"),
        (["architectures"], "genzoo-twin-a/twin"),
        (["models"], "lost"),
        (["objectives"], "genzoo-twin-b/r3gan"),
        (["info", "peeps-vae"], "genzoo/conv-vae"),
        (["info", "dots"], "genzoo-good/dots"),
        (["plugins", "list"], "genzoo-raises"),
        (["train", "genzoo-twin-a/twin", "--help"], "--augment"),
    ],
    ids=" ".join,
)
def test_commands_go_on_working(
    arguments: list[str], expected: str, environment: Environment
) -> None:
    result = environment.genzoo(*arguments)
    assert result.returncode == 0, result.stderr
    assert expected in result.stdout
    assert "hello from genzoo_sulky" in result.stderr
    assert "hello" not in result.stdout
    if "--help" in arguments[0] or "plugins" in arguments:
        return
    assert "The plugin genzoo_raises of genzoo-raises 1.0 is left out: " in result.stderr
    assert result.stderr.count("genzoo plugins doctor") == 1


@pytest.mark.parametrize("command", ["architectures", "models", "objectives", "info dots"])
def test_json_is_json_whatever_plugins_print(command: str, environment: Environment) -> None:
    result = environment.genzoo(*command.split(), "--json")
    assert result.returncode == 0
    assert json.loads(result.stdout)
    assert "trackers are coming" in result.stderr


def test_a_name_of_two_distributions_is_ambiguous_and_both_are_named(
    environment: Environment,
) -> None:
    result = environment.genzoo("train", "twin", "dots", "--json")
    assert (result.returncode, result.stdout) == (2, "")
    assert "More than one architecture is named 'twin'." in result.stderr
    assert "Say genzoo-twin-a/twin or genzoo-twin-b/twin." in result.stderr


def test_completion_is_not_disturbed(environment: Environment) -> None:
    words = {"_GENZOO_COMPLETE": "bash_complete", "COMP_WORDS": "genzoo train conv"}
    result = environment.genzoo(env={**words, "COMP_CWORD": "2"})
    assert result.stdout.splitlines() == ["plain,conv-vae", "plain,convgan"]
    assert result.stderr == ""


def test_samples_are_drawn(environment: Environment, tmp_path: Path) -> None:
    out = tmp_path / "grid.png"
    result = environment.genzoo("sample", "peeps-gan", "-n", "2", "-o", out, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["path"] == str(out)
    assert out.exists()


def test_a_run_survives_hooks_and_trackers_that_fail(
    environment: Environment, tmp_path: Path
) -> None:
    settings = ["--width=4", "--latent-dim=8", "--batch-size=8", "--steps=3", "--log-every=1"]
    settings += ["--tracker=sulky", "--device=cpu", "--json"]
    result = environment.genzoo(
        "train",
        "convgan",
        "dots",
        "-o",
        tmp_path / "run",
        *settings,
        env={"GENZOO_CACHE": str(tmp_path)},
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["steps"] == 3
    assert result.stderr.count("genzoo-sulky no longer hears of this run") == 1
    assert "genzoo_step_ended raised an error: RuntimeError: I have had enough" in result.stderr
    assert result.stderr.count("The tracker genzoo-sulky/sulky no longer follows this run") == 1
    assert result.stderr.count("The plugin genzoo_raises of genzoo-raises 1.0 is left out") == 1
    assert len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()) == 3
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["plan"]["objective"] == "genzoo/r3gan"


def test_plugins_are_left_out_by_name_here_and_in_child_processes(
    environment: Environment,
) -> None:
    code = (
        "import subprocess, sys\n"
        "from genzoo.cli.main import main\n"
        "main(['--no-plugin', 'genzoo-sulky', '--no-plugin', 'genzoo-sulkee', *sys.argv[1:]],\n"
        "     standalone_mode=False, prog_name='genzoo')\n"
        "child = 'from genzoo.plugins.manager import default_manager as d; '\n"
        "child += 'print(*(s.distribution for s in d().statuses if s.state == \"blocked\"))'\n"
        "subprocess.run([sys.executable, '-c', child], check=True)\n"
    )
    result = environment.run("-c", code, "models", "-q")
    assert result.returncode == 0, result.stderr
    assert {"peeps-gan", "peeps-vae"} <= set(result.stdout.split())
    assert result.stdout.splitlines()[-1] == "genzoo-sulky"
    assert "hello" not in result.stderr
    result = environment.genzoo("--no-plugin", "genzoo-sulkee", "models")
    note = "There is no installed plugin named 'genzoo-sulkee'. Did you mean genzoo-sulky"
    assert note in result.stderr
