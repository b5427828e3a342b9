"""Plugins that are installed and broken in every way we know."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from genzoo.plugins.loader import find_candidates
from genzoo.plugins.manager import PluginManager
from genzoo.plugins.status import PluginStatus

Install = Callable[..., str]
Load = Callable[[str], PluginStatus]

GOOD = """
from genzoo import DatasetSpec, hookimpl

@hookimpl
def genzoo_datasets():
    return [DatasetSpec(name="{name}", target="plug_x:load", version="1")]
"""


def good(name: str = "dots") -> str:
    return GOOD.replace("{name}", name)


def test_a_good_plugin_is_loaded_and_registered(install: Install) -> None:
    install("good", good("dots"), version="2.1")
    manager = PluginManager.discover()
    (status,) = [s for s in manager.statuses if s.name == "good"]
    assert (status.distribution, status.version, status.state) == ("genzoo-good", "2.1", "loaded")
    assert status.registers == ("data set dots",)
    assert status.reason == ""
    assert status.seconds > 0
    assert manager.registry.datasets.find("dots").full_name == "genzoo-good/dots"


BROKEN = {
    "raises at import": ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
    "exits at import": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "panics at import": ("class P(BaseException): ...\nraise P('panic')", "P: panic"),
    "lacks a dependency": ("import surely_not_there", "No module named 'surely_not_there'"),
    "does not parse": ("def (", "SyntaxError"),
    "asks for an unknown argument": (
        "from genzoo import hookimpl\n@hookimpl\ndef genzoo_models(config): return []",
        "'config'",
    ),
    "misspells a hook": (
        "from genzoo import hookimpl\n@hookimpl\ndef genzoo_modles(): return []",
        "There is no hook named 'genzoo_modles'. Did you mean genzoo_models",
    ),
    "forgets the mark": (
        "def genzoo_models(): return []",
        "genzoo_models is not marked with @genzoo.hookimpl",
    ),
    "raises in a hook": (
        "from genzoo import hookimpl\n@hookimpl\ndef genzoo_models(): 1 / 0",
        "genzoo_models raised an error: ZeroDivisionError",
    ),
    "exits in a hook": (
        "from genzoo import hookimpl\n@hookimpl\ndef genzoo_models(): raise SystemExit",
        "genzoo_models raised an error: SystemExit",
    ),
    "returns nothing": (
        "from genzoo import hookimpl\n@hookimpl\ndef genzoo_models(): pass",
        "genzoo_models returned a NoneType instead of several ModelSpec",
    ),
    "returns something else": (
        "from genzoo import hookimpl\n@hookimpl\ndef genzoo_models(): return ['vae']",
        "genzoo_models returned a str where ModelSpec is due",
    ),
    "returns records of another hook": (
        good().replace("genzoo_datasets", "genzoo_models"),
        "genzoo_models returned a DatasetSpec where ModelSpec is due",
    ),
    "has a bad name": (good("No Good"), "ValueError: data set name 'No Good'"),
    "registers one name twice": (
        good().replace("return [", "return 2 * ["),
        "'dots' is registered twice by genzoo-bad",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_plugin_fails_alone_and_says_why(fault: str, install: Install, load: Load) -> None:
    code, reason = BROKEN[fault]
    install("good", good("squares"))
    status = load(install("bad", code))
    assert status.state == "failed"
    assert reason in status.reason
    assert "\n" not in status.reason
    assert status.registers == ()


def test_a_plugin_that_fails_late_leaves_nothing_behind(install: Install) -> None:
    code = good("half") + "\n@hookimpl\ndef genzoo_models(): return [None]\n"
    install("bad", code)
    manager = PluginManager.discover()
    assert "half" not in manager.registry.datasets.names()
    hooks = manager._pluggy.hook
    assert not [i for i in hooks.genzoo_models.get_hookimpls() if "bad" in i.plugin_name]


def test_a_broken_plugin_does_not_hide_the_misspelt_hook_of_the_next(install: Install) -> None:
    code = "from genzoo import hookimpl\n@hookimpl\ndef genzoo_modles(): return []"
    install("one", code)
    install("two", code)
    install("three", good())
    states = {s.name: s.state for s in PluginManager.discover().statuses}
    assert (states["one"], states["two"], states["three"]) == ("failed", "failed", "loaded")


def test_an_interrupt_while_loading_is_no_fault_of_the_plugin(install: Install) -> None:
    install("slow", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        PluginManager.discover()


@pytest.mark.parametrize(
    ("requirement", "state"),
    [
        ("genzoo>=99", "incompatible"),
        ("Genzoo (>=0.1,<0.1)", "incompatible"),
        ("genzoo<99", "loaded"),
        ("genzoo>=99; python_version < '3'", "loaded"),
        ("genzoo>=99; extra == 'new'", "loaded"),
        ("not a requirement!", "loaded"),
        ("numpy<0", "loaded"),
    ],
)
def test_the_required_genzoo_is_checked(
    requirement: str, state: str, install: Install, load: Load
) -> None:
    assert load(install("range", good(), requires=(requirement,))).state == state


def test_an_incompatible_plugin_is_not_imported(install: Install, load: Load) -> None:
    status = load(install("future", "raise RuntimeError", requires=("genzoo>=99.1",)))
    assert status.state == "incompatible"
    assert status.reason.startswith("needs genzoo >=99.1, this is 0.")


def test_two_distributions_may_use_one_entry_point_name(install: Install) -> None:
    install("a", good("one"), entry_points="[genzoo.plugins]\nvae = plug_a\n")
    install("b", good("two"), entry_points="[genzoo.plugins]\nvae = plug_b\n")
    manager = PluginManager.discover()
    loaded = [s.distribution for s in manager.statuses if s.name == "vae" and s.state == "loaded"]
    assert loaded == ["genzoo", "genzoo-a", "genzoo-b"]
    assert {"one", "two"} <= set(manager.registry.datasets.names())


def test_two_distributions_may_register_one_name(install: Install) -> None:
    install("a", good("same"))
    install("b", good("same"))
    datasets = PluginManager.discover().registry.datasets
    assert {"genzoo-a/same", "genzoo-b/same"} <= set(datasets.names())


def test_the_second_of_two_plugins_of_a_distribution_cannot_take_a_name(install: Install) -> None:
    entry_points = "[genzoo.plugins]\nfirst = plug_twin\nsecond = plug_twin:Again\n"
    code = (
        good()
        + "\nclass Again:\n    @hookimpl\n    @staticmethod\n"
        + "    def genzoo_datasets(): return genzoo_datasets()\n"
    )
    install("twin", code, entry_points=entry_points)
    manager = PluginManager.discover()
    twins = [s for s in manager.statuses if s.distribution == "genzoo-twin"]
    assert [(s.name, s.state) for s in twins] == [("first", "loaded"), ("second", "failed")]
    assert "registered twice" in twins[1].reason


def test_what_a_plugin_prints_goes_to_stderr(
    install: Install, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "print('hello from import')\n" + good().replace("return", "print('hook'); return")
    assert load(install("loud", code)).state == "loaded"
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "hello from import\nhook\n"


def test_damaged_metadata_of_one_package_hides_no_other(
    install: Install, load: Load, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install("torn", good("torn"), entry_points="[genzoo.plugins]\nthis is no entry\n")
    assert load(install("good", good())).state == "loaded"
    assert "damaged metadata" in capsys.readouterr().err


def test_an_entry_point_that_names_nothing_fails(install: Install, load: Load) -> None:
    status = load(install("void", "", entry_points="[genzoo.plugins]\nvoid = plug_void:absent\n"))
    assert status.state == "failed"
    assert "absent" in status.reason


def test_candidates_are_sorted_by_distribution_and_name(install: Install) -> None:
    install("z", "", entry_points="[genzoo.plugins]\nb = plug_z\na = plug_z\n")
    install("a", "")
    found = [(c.distribution, c.entry.name) for c in find_candidates()]
    assert found == sorted(found)
    assert ("genzoo-z", "a") in found


@pytest.mark.parametrize(
    ("value", "loaded"),
    [
        ("", set()),
        (" , ", set()),
        ("vae", {"genzoo:vae"}),
        ("vae, Genzoo_Good", {"genzoo:vae", "genzoo-good:good"}),
        ("genzoo", {"genzoo:gan", "genzoo:vae", "genzoo:zoo"}),
    ],
)
def test_the_environment_chooses_plugins(
    value: str, loaded: set[str], install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("good", good())
    monkeypatch.setenv("GENZOO_PLUGINS", value)
    statuses = PluginManager.discover().statuses
    assert {f"{s.distribution}:{s.name}" for s in statuses if s.state == "loaded"} == loaded
    others = {s.state for s in statuses} - {"loaded"}
    assert others <= {"blocked"}


def test_blocked_plugins_are_not_imported(install: Install) -> None:
    install("bad", "raise RuntimeError")
    manager = PluginManager.discover(blocked={"genzoo_bad"})
    (status,) = [s for s in manager.statuses if s.name == "bad"]
    assert (status.state, status.reason) == ("blocked", "blocked by you")
