"""What an installation led to, seen by a fresh process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from genzoo.errors import InstallError
from genzoo.plugins.installing import outcome
from genzoo.plugins.installing import survey as surveying
from genzoo.plugins.installing.outcome import known_before, outcome_of
from genzoo.plugins.installing.plan import Change
from genzoo.plugins.installing.survey import survey
from genzoo.plugins.plugin_status import PluginStatus

Install = Callable[..., str]
See = Callable[[Iterable[PluginStatus] | InstallError], None]


@pytest.fixture
def see(monkeypatch: pytest.MonkeyPatch) -> See:
    """Say what the fresh process finds."""

    def see(found: Iterable[PluginStatus] | InstallError) -> None:
        def survey(also: Iterable[str] = ()) -> list[PluginStatus]:
            if isinstance(found, InstallError):
                raise found
            return list(found)

        monkeypatch.setattr(outcome, "survey", survey)

    return see


def loaded(name: str, *registers: str) -> PluginStatus:
    return PluginStatus(f"genzoo-{name}", "1.0", name, "loaded", registers=registers)


def failed(name: str, reason: str = "no luck") -> PluginStatus:
    return PluginStatus(f"genzoo-{name}", "1.0", name, "failed", reason)


def test_what_is_new_is_told_for_each_distribution(install: Install, see: See) -> None:
    install("dots", "")
    install("lines", "")
    plan = [Change("add", "genzoo-dots", "1.0"), Change("upgrade", "genzoo-lines", "1.0", "0.9")]
    plan += [Change("add", "numpy-thing", "1.0", requested=False)]
    before = [loaded("lines", "data set lines")]
    see([loaded("dots", "data set dots"), loaded("lines", "data set lines", "prior lines")])
    found = outcome_of(plan, before)
    assert found.new == {"genzoo-dots": ("data set dots",), "genzoo-lines": ("prior lines",)}
    assert (found.problems, found.no_plugins, found.left_out) == ((), (), ())


def test_what_was_asked_for_and_is_no_plugin_is_told(see: See) -> None:
    see([])
    plan = [Change("add", "plainlib", "1.0"), Change("add", "its-need", "1.0", requested=False)]
    assert outcome_of(plan, []).no_plugins == ("plainlib",)


def test_each_problem_has_its_remedy(install: Install, see: See) -> None:
    for name in ("new", "changed", "bystander", "never", "fine"):
        install(name, "")
    before = [loaded("bystander"), loaded("changed"), failed("never")]
    see([*map(failed, ("new", "changed", "bystander", "never")), loaded("fine")])
    plan = [
        Change("add", "genzoo-new", "1.0"),
        Change("upgrade", "genzoo-changed", "1.0", "0.9"),
        Change("add", "genzoo-fine", "1.0"),
    ]
    remedies = {p.distribution: p.remedy for p in outcome_of(plan, before).problems}
    assert remedies == {
        "genzoo-new": "Remove it again: genzoo plugins uninstall genzoo-new",
        "genzoo-changed": "Go back: genzoo plugins install 'genzoo-changed==0.9'",
        "genzoo-bystander": "The changes above broke it. Type: genzoo plugins doctor",
    }


def test_a_plugin_that_ends_the_process_is_a_problem(install: Install, see: See) -> None:
    install("exits", "", version="2.0")
    see(InstallError("it ends the process"))
    assert known_before() == []
    (problem,) = outcome_of([Change("add", "genzoo-exits", "2.0")], []).problems
    assert (problem.distribution, problem.version) == ("genzoo-exits", "2.0")
    assert problem.reason == "it ends the process"


def test_a_plugin_that_the_environment_leaves_out_is_told(
    install: Install, see: See, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("dots", "")
    plan = [Change("add", "genzoo-dots", "1.0")]
    see([loaded("dots", "data set dots")])
    monkeypatch.setenv("GENZOO_PLUGINS", "gan")
    assert outcome_of(plan, []).left_out == ("genzoo-dots",)
    for listed in ("Genzoo_Dots", "gan, dots"):
        monkeypatch.setenv("GENZOO_PLUGINS", listed)
        assert outcome_of(plan, []).left_out == ()


def test_the_survey_is_of_a_fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENZOO_PLUGINS", "gan")
    states = {status.name: status.state for status in survey()}
    assert states == {"gan": "loaded", "vae": "blocked", "zoo": "blocked"}
    (vae,) = [status for status in survey(["vae"]) if status.name == "vae"]
    assert vae.state == "loaded"
    assert "architecture conv-vae" in vae.registers


def test_a_plugin_that_ends_the_fresh_process_is_held(
    install: Install, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("exits", "import os; os._exit(7)")
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    with pytest.raises(InstallError, match="ends the process at import, with code 7"):
        survey()


def test_plugins_that_take_for_ever_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveying, "PATIENCE", 0.001)
    with pytest.raises(InstallError, match=r"still loading after 0\.001 seconds"):
        survey()
