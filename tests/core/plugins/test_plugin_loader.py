"""Plugins that are installed and broken in every way we know."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest

from genzoo.plugins import discovery, manager
from genzoo.plugins.discovery import (
    GROUP,
    block_in_environment,
    blocked_by_environment,
    find_candidates,
    patience,
)
from genzoo.plugins.manager import PluginManager
from genzoo.plugins.plugin_problems import find_problems
from genzoo.plugins.plugin_status import PluginStatus
from genzoo.records import DatasetSpec
from genzoo.registry import load_target

Install = Callable[..., str]
Load = Callable[[str], PluginStatus]

OWN = {one.name for one in distribution("genzoo").entry_points if one.group == GROUP}
"""The plugins that genzoo comes with."""

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
    assert manager.registry[DatasetSpec].find("dots").full_name == "genzoo-good/dots"


BROKEN = {
    "raises at import": ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
    "exits at import": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "interrupts at import": ("raise KeyboardInterrupt", "it does not load: KeyboardInterrupt"),
    "interrupts in a hook": (
        "from genzoo import hookimpl\n@hookimpl\ndef genzoo_models(): raise KeyboardInterrupt",
        "it does not load: KeyboardInterrupt",
    ),
    "returns records without end": (
        good()
        + "\ndef again(record=genzoo_datasets()[0]):\n    while True: yield record\n"
        + "genzoo_datasets = hookimpl(again, specname='genzoo_datasets')",
        "genzoo_datasets returned more than 10,000 records",
    ),
    "panics at import": ("class P(BaseException): ...\nraise P('panic')", "P: panic"),
    "lacks a dependency": ("import surely_not_there", "No module named 'surely_not_there'"),
    "does not parse": ("def (", "SyntaxError"),
    "asks for an unknown argument": (
        "from genzoo import hookimpl\n@hookimpl\ndef genzoo_models(config): return []",
        "genzoo_models asks for 'config', which it is not given; it may ask for nothing",
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
    "is a wrapper": (
        "from genzoo import hookimpl\n@hookimpl(wrapper=True)\ndef genzoo_models(): return (yield)",
        "genzoo_models is a wrapper",
    ),
    "would never run": (
        "from genzoo import hookimpl\n@hookimpl\nasync def genzoo_step_ended(run): pass",
        "genzoo_step_ended must be an ordinary function",
    ),
    "asks an event for what it lacks": (
        "from genzoo import hookimpl\n@hookimpl\ndef genzoo_step_ended(steps): pass",
        "genzoo_step_ended asks for 'steps', which it is not given; it may ask for run, step",
    ),
    "has a summary that is not a text": (
        good().replace("name=", "summary=5, name="),
        "data set 'dots' has the summary 5, which is not a str",
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
    assert "half" not in manager.registry[DatasetSpec].names()
    hooks = manager._hooks._pluggy.hook
    assert not [i for i in hooks.genzoo_models.get_hookimpls() if "bad" in i.plugin_name]


def test_a_broken_plugin_does_not_hide_the_misspelt_hook_of_the_next(install: Install) -> None:
    code = "from genzoo import hookimpl\n@hookimpl\ndef genzoo_modles(): return []"
    install("one", code)
    install("two", code)
    install("three", good())
    states = {s.name: s.state for s in PluginManager.discover().statuses}
    assert (states["one"], states["two"], states["three"]) == ("failed", "failed", "loaded")


def test_an_interrupt_while_loading_is_no_fault_of_the_plugin(install: Install) -> None:
    install("slow", "import signal; signal.raise_signal(signal.SIGINT)")
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
    assert {"one", "two"} <= set(manager.registry[DatasetSpec].names())


def test_two_distributions_may_register_one_name(install: Install) -> None:
    install("a", good("same"))
    install("b", good("same"))
    datasets = PluginManager.discover().registry[DatasetSpec]
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


def _tear_metadata(info: Path) -> None:
    (info / "METADATA").write_bytes(b"\xff\xfe\x00\x81")


def _empty_metadata(info: Path) -> None:
    (info / "METADATA").write_text("")


def _tear_entry_points(info: Path) -> None:
    (info / "entry_points.txt").write_text("[genzoo.plugins]\nthis is not an entry\n")


@pytest.mark.parametrize("damage", [_tear_metadata, _empty_metadata, _tear_entry_points])
def test_damaged_metadata_of_one_package_hides_no_other(
    damage: Callable[[Path], None], install: Install, site: Path
) -> None:
    install("torn", good("torn"), version="2.0")
    install("good", good())
    damage(site / "genzoo_torn-2.0.dist-info")
    manager = PluginManager.discover()
    assert "dots" in manager.registry[DatasetSpec].names()
    (status,) = [s for s in manager.statuses if s.distribution == "genzoo-torn"]
    assert (status.version, status.name, status.state) == ("2.0", "", "failed")
    assert status.reason.startswith("its metadata is damaged: ")
    assert manager.names_of_none == []
    (status,) = [
        s
        for s in PluginManager.discover(blocked={"Genzoo_Torn"}).statuses
        if s.distribution == "genzoo-torn"
    ]
    assert status.state == "blocked"


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
        ("genzoo", {f"genzoo:{name}" for name in OWN}),
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
    assert status.state == "blocked"
    assert "--no-plugin" in status.reason
    assert manager.registry.left_out["genzoo-bad"] == status.reason


def test_the_environment_leaves_plugins_out(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("bad", "raise RuntimeError")
    monkeypatch.setenv("GENZOO_NO_PLUGINS", "Genzoo.Bad, vae, genzoo-typo")
    monkeypatch.setenv("GENZOO_PLUGINS", "gan,vae,nonsense")
    manager = PluginManager.discover()
    states = {s.name: s.state for s in manager.statuses}
    assert states == {**dict.fromkeys(OWN, "blocked"), "gan": "loaded", "bad": "blocked"}
    assert manager.names_of_none == ["genzoo-typo", "nonsense"]


def test_names_are_added_to_those_that_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENZOO_NO_PLUGINS", "b")
    block_in_environment(("a", "b"))
    assert blocked_by_environment() == {"a", "b"}


FAILURES = {
    "raises": ("x = 1\nraise RuntimeError('no luck')", 2, ("RuntimeError: no luck",), ""),
    "lacks": (
        "import surely.not_there",
        1,
        ("ModuleNotFoundError: No module named 'surely'",),
        "surely",
    ),
    "chains": (
        "try:\n    import surely_not\nexcept ImportError:\n    raise RuntimeError('get it')",
        2,
        ("RuntimeError: get it", "ModuleNotFoundError: No module named 'surely_not'"),
        "surely_not",
    ),
    "does not parse": ("x = 1\ndef (", 2, None, ""),
    "fails in a hook": (
        "from genzoo import hookimpl\n@hookimpl\ndef genzoo_models():\n    1 / 0",
        4,
        ("ZeroDivisionError: division by zero",),
        "",
    ),
    "returns something else": (
        "from genzoo import hookimpl\n@hookimpl\ndef genzoo_models(): return [1]",
        2,
        (),
        "",
    ),
    "fails in another's code": (
        "import json\n\njson.loads('{')",
        3,
        None,
        "",
    ),
}


@pytest.mark.parametrize("fault", FAILURES)
def test_a_failure_is_located_in_the_plugins_code(
    fault: str, install: Install, load: Load, site: Path
) -> None:
    code, line, causes, missing = FAILURES[fault]
    failure = load(install("bad", code)).failure
    assert failure is not None
    assert (failure.file, failure.line) == (str(site / "plug_bad.py"), line)
    assert causes is None or failure.causes == causes
    assert failure.missing == missing


def test_a_module_that_answers_to_every_name_harms_nobody(install: Install, load: Load) -> None:
    code = "def __getattr__(name):\n    raise RuntimeError('no ' + name)\n"
    status = load(install("lazy", code))
    assert status.state == "failed"
    assert "RuntimeError: no genzoo_" in status.reason


def test_two_entry_points_for_one_module_are_explained(install: Install) -> None:
    install("one", good())
    install("two", "", entry_points="[genzoo.plugins]\ntwo = plug_one\n")
    statuses = {s.name: s for s in PluginManager.discover().statuses}
    assert statuses["one"].state == "loaded"
    assert "the same as the plugin genzoo-one:one" in statuses["two"].reason


def test_torch_that_comes_with_a_plugin_is_noticed(
    install: Install, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "torch")
    assert not load(install("light", good("light"))).imports_torch
    code = good("heavy") + (
        "\nimport sys\nfrom importlib.util import module_from_spec, spec_from_loader\n"
        "sys.modules['torch'] = module_from_spec(spec_from_loader('torch', None))\n"
    )
    assert load(install("heavy", code)).imports_torch


def test_importing_one_plugin_changes_nothing_for_the_next(
    install: Install, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENZOO_TEST", "mine")
    install(
        "a",
        "import os, sys, torch\n"
        "torch.set_default_dtype(torch.float64)\n"
        "os.environ['GENZOO_TEST'] = 'changed'\n"
        "os.chdir('/')\n"
        "del sys.modules['json']\n" + good("one"),
    )
    install(
        "b",
        "import os, sys, torch\n"
        "assert torch.get_default_dtype() == torch.float32\n"
        "assert os.environ['GENZOO_TEST'] == 'mine'\n"
        f"assert os.getcwd() == {str(Path.cwd())!r}\n"
        "assert 'json' in sys.modules\n" + good("two"),
    )
    statuses = {s.name: s for s in PluginManager.discover().statuses}
    assert (statuses["a"].state, statuses["b"].state) == ("loaded", "loaded"), statuses["b"].reason
    assert statuses["b"].changes == ()
    assert statuses["a"].changes == (
        "torch's default dtype, device or modes",
        "the working folder",
        "environment variables",
    )


def test_what_a_plugin_changes_is_a_problem_that_the_doctor_names(install: Install) -> None:
    install("bold", "import os; os.umask(0o700)\n" + good())
    (problem,) = [
        one
        for one in find_problems(PluginManager.discover(), ())
        if one.distributions == ("genzoo-bold",)
    ]
    assert (problem.kind, problem.wrong) == ("changes the process", True)
    assert problem.cause.startswith("While it is loaded it changes the umask, which others share")


def test_an_endless_plugin_is_given_up_and_the_others_are_loaded(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENZOO_PLUGIN_SECONDS", "0.2")
    install("endless", "while True: pass")
    install("good", good())
    manager = PluginManager.discover()
    statuses = {s.name: s for s in manager.statuses}
    assert statuses["good"].state == "loaded"
    assert statuses["endless"].reason == "it does not import: it did not end within 0.2 seconds"
    (problem,) = [one for one in find_problems(manager, ()) if "endless" in one.about]
    assert problem.remedies[0] == "GENZOO_PLUGIN_SECONDS=1 genzoo plugins list"


def test_the_time_that_a_plugin_may_take_is_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GENZOO_PLUGIN_SECONDS", raising=False)
    assert patience() == 60
    for value, seconds in (("300", 300), ("soon", 60), ("0", 0)):
        monkeypatch.setenv("GENZOO_PLUGIN_SECONDS", value)
        assert patience() == seconds


def test_what_a_target_does_when_it_is_imported_is_put_back(install: Install) -> None:
    install("late", "import os\nos.environ['GENZOO_LATE'] = '1'\nload = print\n")
    assert load_target("plug_late:load") is print
    assert "GENZOO_LATE" not in os.environ


def test_the_later_of_two_distributions_of_one_name_is_hidden(
    install: Install, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python imports the first one on the path, whichever version the other one has."""
    install("twice", good("first"))
    other = site.parent / "later"
    info = other / "genzoo_twice-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: genzoo_twice\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text(
        "[genzoo.plugins]\ntwice = plug_twice\nmore = plug_twice:More\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path, str(other)])
    assert versions_of("genzoo-twice") == [("1.0", "twice")]
    monkeypatch.setattr(sys, "path", [str(other), *sys.path])
    assert versions_of("genzoo-twice") == [("2.0", "more"), ("2.0", "twice")]


def versions_of(distribution: str) -> list[tuple[str, str]]:
    """Versions and entry points that are found of a distribution."""
    found = find_candidates()
    return [(one.version, one.entry.name) for one in found if one.distribution == distribution]


@pytest.mark.parametrize(
    ("version", "requirement", "state"),
    [
        ("0.2.0.dev1", "genzoo>=0.1", "loaded"),
        ("0.2.0rc1", "genzoo>=0.1,<0.3", "loaded"),
        ("0.2.0a1", "genzoo>=0.2.0a1", "loaded"),
        ("0.2.0rc1", "genzoo>=0.2", "incompatible"),
        ("0.2.0.dev1", "genzoo<0.2", "incompatible"),
        ("1.0.0b2", "genzoo==1.*", "loaded"),
    ],
)
def test_a_pre_release_of_genzoo_is_in_a_range_like_any_other_version(
    version: str,
    requirement: str,
    state: str,
    install: Install,
    load: Load,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    distribution = install("range", good(), requires=(requirement,))
    for module in (discovery, manager):
        monkeypatch.setattr(module, "__version__", version)
    status = load(distribution)
    assert status.state == state
    if state == "incompatible":
        wanted = requirement.removeprefix("genzoo")
        assert status.reason == f"needs genzoo {wanted}, this is {version}"
