"""`genzoo plugins list` and `doctor`, and leaving plugins out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from genzoo import CommandSpec, DatasetSpec, ModelSpec
from genzoo.cli.plugins.list import grouped
from genzoo.plugins.manager import PluginManager
from genzoo.plugins.plugin_status import Failure, PluginStatus

Run = Callable[..., Result]


def test_what_a_plugin_registers_is_grouped() -> None:
    registered = ("architecture a", "objective o", "architecture b", "data set d", "data set e")
    assert grouped(registered) == "architectures a, b; objective o; data sets d, e"
    assert grouped(()) == ""


def test_the_list_names_distribution_version_state_and_what_is_registered(run: Run) -> None:
    headings, _, toys, *_ = run("plugins", "list").stdout.splitlines()
    assert headings.split("  ")[0] == "distribution"
    assert " ".join(toys.split()) == (
        "genzoo-toys 1.2.3 toys loaded architectures toy-gan, toy-vae; prior toy-prior"
    )
    rows = json.loads(run("plugins", "list", "--json").stdout)
    assert {"seconds", "registers", "failure", "imports_torch"} <= rows[0].keys()
    assert run("plugins", "list", "-q").stdout.split()[:2] == ["genzoo", "genzoo-toys"]


def test_all_is_well(run: Run) -> None:
    assert run("plugins", "doctor").stdout == "All 4 plugins are well.\n"
    assert json.loads(run("plugins", "doctor", "--json").stdout)["problems"] == []


def test_what_is_left_out_by_choice_is_explained_and_no_fault(
    run: Run, manager: PluginManager
) -> None:
    manager.statuses.append(PluginStatus("genzoo-shy", "1.0", "shy", "blocked", "left out by you"))
    assert run("plugins", "doctor").stdout.splitlines() == [
        "The plugin shy of genzoo-shy 1.0",
        "state  blocked",
        "cause  Left out by you.",
        "",
        "All 4 plugins are well.",
    ]
    assert json.loads(run("plugins", "doctor", "--json").stdout)["well"] is True


def diagnose(run: Run, manager: PluginManager, status: PluginStatus) -> dict[str, Any]:
    """The doctor's only problem with `status`."""
    manager.statuses.append(status)
    (problem,) = json.loads(run("plugins", "doctor", "--json", code=1).stdout)["problems"]
    return problem


@pytest.mark.parametrize(
    ("missing", "first"),
    [
        ("surely_not.there", "pip install surely_not"),
        ("json.nothing", "genzoo plugins install 'genzoo-bad>1.0'"),
        ("genzoo.newer", "genzoo plugins install 'genzoo-bad>1.0'"),
    ],
)
def test_a_missing_package_is_installed_and_a_missing_module_waits_for_an_update(
    missing: str, first: str, run: Run, manager: PluginManager
) -> None:
    failure = Failure("bad.py", 3, (f"ModuleNotFoundError: {missing}",), missing)
    status = PluginStatus(
        "genzoo-bad", "1.0", "bad", "failed", "it does not import", failure=failure
    )
    problem = diagnose(run, manager, status)
    assert problem["cause"] == f"It imports the module '{missing}', which is not installed."
    assert problem["where"] == "bad.py, line 3"
    assert problem["remedies"] == [first, "genzoo plugins uninstall genzoo-bad"]


def test_the_chain_of_causes_is_told(run: Run, manager: PluginManager) -> None:
    failure = Failure("bad.py", 3, ("RuntimeError: no luck", "OSError: no disk"))
    reason = "it does not import: RuntimeError: no luck"
    status = PluginStatus("genzoo-bad", "1.0", "bad", "failed", reason, failure=failure)
    problem = diagnose(run, manager, status)
    assert problem["cause"] == (
        "It does not import: RuntimeError: no luck; before that, OSError: no disk."
    )


@pytest.mark.parametrize(
    ("needs", "first"),
    [
        (">=99", "pip install --upgrade 'genzoo>=99'"),
        ("~=99.0", "pip install --upgrade 'genzoo~=99.0'"),
        ("<0.1,>=0.0", "genzoo plugins install 'genzoo-bad>1.0'"),
        ("!=0.1.0", "genzoo plugins install 'genzoo-bad>1.0'"),
    ],
)
def test_either_genzoo_or_the_plugin_is_updated(
    needs: str, first: str, run: Run, manager: PluginManager
) -> None:
    status = PluginStatus("genzoo-bad", "1.0", "bad", "incompatible", "needs x", needs=needs)
    assert diagnose(run, manager, status)["remedies"][0] == first


def test_clashes_and_gaps_are_found(run: Run, manager: PluginManager) -> None:
    add = manager.registry.add_all
    add([DatasetSpec(name="stripes", target="m:f", version="1")], "genzoo-more", "1")
    add([CommandSpec(name="train", target="m:c")], "genzoo-more", "1")
    add([ModelSpec(name="far", architecture="genzoo-far/x", location="o/r")], "genzoo-more", "1")
    text = run("plugins", "doctor", code=1).stdout
    assert "The data set stripes\nstate  ambiguous name\n" in text
    assert "Say genzoo-sketches/stripes or genzoo-more/stripes." in text
    assert "type   genzoo genzoo-more/train\n" in text
    assert "cause  Its architecture 'genzoo-far/x' is not there.\n" in text
    assert text.endswith("3 problems; 4 plugins are loaded.\n")


def test_names_of_no_plugin_are_mentioned_once(run: Run, manager: PluginManager) -> None:
    manager.names_of_none.append("genzoo-toyz")
    note = "There is no installed plugin named 'genzoo-toyz'. Did you mean genzoo-toys"
    for command in (["models"], ["plugins", "list"], ["plugins", "doctor"]):
        assert run(*command).stderr.count(note) == 1
    assert run("models", "-q").stderr == ""


def test_plugins_are_left_out_through_the_environment(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    monkeypatch.setenv("GENZOO_NO_PLUGINS", "one")
    run("--no-plugin", "two", "--no-plugin", "three", "models")
    assert os.environ["GENZOO_NO_PLUGINS"] == "one,three,two"


def test_a_command_whose_name_is_taken_is_listed_under_its_full_name(
    run: Run, manager: PluginManager
) -> None:
    record = CommandSpec(name="train", summary="Another", target="m:c")
    manager.registry.add_all([record], "genzoo-more", "1")
    manager.registry.add_all([CommandSpec(name="wave", target="m:c")], "genzoo-more", "1")
    lines = [line.split()[0] for line in run("--help").stdout.splitlines() if line.strip()]
    assert lines.count("train") == 1
    assert lines.count("genzoo-more/train") == lines.count("wave") == 1
    assert "genzoo-more/wave" not in lines
