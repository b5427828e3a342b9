"""Which checks a plugin is due, and how they are run."""

import sys

import pytest
import toy_objectives
import toys
from pocket import write_pocket

from genzoo import ArchitectureSpec, ObjectiveSpec, UsageError, hookimpl
from genzoo.plugins.manager import PluginManager
from genzoo_testing import check_plugin
from genzoo_testing.find_plugin import find_plugin
from genzoo_testing.runner import ALL_CHECKS, belongs, plan


class Records:
    """A plugin that registers what it is given."""

    def __init__(self, *records):
        self.records = records

    @hookimpl
    def genzoo_architectures(self):
        return [record for record in self.records if isinstance(record, ArchitectureSpec)]

    @hookimpl
    def genzoo_objectives(self):
        return [record for record in self.records if isinstance(record, ObjectiveSpec)]


@pytest.fixture
def manager():
    manager = PluginManager()
    manager.add(toys, "genzoo-toys")
    manager.add(toy_objectives, "genzoo")
    return manager


def flawed(**fields):
    facts = {
        "name": "flawed",
        "family": "toys",
        "target": "flaws:ToyGAN",
        "config": "toys:ToyConfig",
        "parts": ("generator", "discriminator"),
        "inference": ("generator",),
        "objective": "gan",
    }
    return ArchitectureSpec(**(facts | fields))


def subjects(manager, distribution):
    return [group.subject.name for group in plan(find_plugin(distribution, manager))]


def test_names_and_reasons_of_checks_are_their_own():
    assert len({check.name for check in ALL_CHECKS}) == len(ALL_CHECKS)
    assert len({check.why for check in ALL_CHECKS}) == len(ALL_CHECKS)


def test_a_plugin_is_checked_with_all_that_it_registers(manager):
    assert subjects(manager, "genzoo-toys") == [
        "plugin genzoo-toys",
        "architecture toy-gan",
        "architecture toy-vae",
        "prior toy-prior",
        "architecture toy-gan",
        "toy-gan with genzoo/gan",
        "architecture toy-vae",
        "toy-vae with genzoo/elbo",
    ]


def test_each_kind_of_samples_is_checked(manager):
    manager.add(Records(flawed(kinds=("image", "points"))), "genzoo-both")
    names = subjects(manager, "genzoo-both")
    assert "architecture flawed of points" in names
    assert "flawed of image with genzoo/gan" in names


def test_pairs_of_two_strangers_are_nobodys_business(manager):
    registry = manager.registry
    manager.add(Records(flawed()), "genzoo-mine")
    mine = registry[ArchitectureSpec].find("flawed")
    gan, elbo = registry[ObjectiveSpec].find("gan"), registry[ObjectiveSpec].find("elbo")
    assert belongs("genzoo-mine", registry, mine, gan)
    assert belongs("genzoo", registry, mine, gan)
    assert not belongs("genzoo-mine", registry, mine, elbo), "it trains other parts"
    assert not belongs("genzoo-toys", registry, mine, gan)


def test_an_objective_alone_is_checked_where_it_is_meant_for(manager):
    loss = ObjectiveSpec(
        name="loss",
        family="toys",
        target="flaws:Sound",
        config="toy_objectives:ToyObjectiveConfig",
        requires=("generator", "discriminator"),
    )
    manager.add(Records(loss), "genzoo-loss")
    manager.add(Records(flawed(objective="genzoo-loss/loss")), "genzoo-user")
    assert "genzoo-user/flawed with loss" in subjects(manager, "genzoo-loss")
    assert "genzoo-toys/toy-gan with loss" not in subjects(manager, "genzoo-loss")


def test_where_the_first_check_fails_the_others_are_left_out(manager):
    manager.add(Records(flawed(target="flaws:Crashing")), "genzoo-bad")
    results = check_plugin("genzoo-bad", manager)
    assert [(r.check, r.ok) for r in results if r.subject == "architecture flawed"] == [
        ("record", True),
        ("config-json", True),
        ("config-documented", True),
        ("builds", False),
    ]
    assert not [result for result in results if "with" in result.subject]


def test_a_refused_pair_is_left_out(manager):
    picky = ObjectiveSpec(
        name="picky",
        family="toys",
        target="flaws:Grumpy",
        config="toy_objectives:ToyObjectiveConfig",
        requires=("generator", "discriminator"),
    )
    manager.add(Records(flawed(), picky), "genzoo-bad")
    heard = []
    results = check_plugin("genzoo-bad", manager, heard.append)
    assert heard == results
    pairs = {result.subject for result in results if " with " in result.subject}
    assert pairs == {"flawed with genzoo/gan"}
    # The plugin itself is this module, which a fresh process does not find.
    failed = {result.check for result in results if not result.ok}
    assert failed == {"light-registration", "light-configs"}


def test_an_unknown_plugin_is_answered_with_suggestions(manager):
    with pytest.raises(UsageError, match="Did you mean genzoo-toys"):
        find_plugin("genzoo-toy", manager)


def test_a_module_is_found(manager, monkeypatch):
    import sketches

    subject = find_plugin("sketches", manager)
    assert subject.entries == ("sketches",)
    assert "sketches/sketch" in manager.registry[ArchitectureSpec]
    assert sketches.__name__ == "sketches"


def test_a_project_that_declares_no_plugin_is_named(manager, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    with pytest.raises(UsageError, match="declares no plugin"):
        find_plugin(str(tmp_path), manager)


def test_a_sound_project_passes_in_full(manager, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    folder = write_pocket(tmp_path / "pocket", "pocket_sound")
    results = check_plugin(str(folder), manager)
    assert {result.check for result in results if not result.ok} == set()
    assert {result.check for result in results} == {check.name for check in ALL_CHECKS} - {
        "prior-fits",
        "kind-keeps-samples",
    }
