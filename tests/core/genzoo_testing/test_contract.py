"""The contract as test classes, used as a plugin's author would."""

import subprocess
import sys

import pytest
import toy_objectives
import toys

import genzoo_testing
from genzoo.plugins.manager import PluginManager
from genzoo_testing import ArchitectureContract, PluginContract
from genzoo_testing.runner import ARCHITECTURE_CHECKS, PAIR_CHECKS


def toy_manager():
    manager = PluginManager()
    manager.add(toys, "genzoo-toys")
    manager.add(toy_objectives, "genzoo")
    return manager


class TestToyGAN(ArchitectureContract):
    architecture = "genzoo-toys/toy-gan"

    def manager(self):
        return toy_manager()


class TestToyGANAsTold(ArchitectureContract):
    architecture = "toy-gan"
    objectives = ("genzoo/gan",)
    config = {"width": 3}  # noqa: RUF012
    sample = {"shape": (1, 5, 5)}  # noqa: RUF012

    def manager(self):
        return toy_manager()

    def test_its_own_values_are_used(self):
        tiny = self.subject().tiny
        assert (tiny.config, tiny.samples[0].shape) == ({"width": 3}, (1, 5, 5))


class ToyVAE(ArchitectureContract):
    architecture = "toy-vae"

    def manager(self):
        return toy_manager()


def test_each_check_is_a_method():
    for check in (*ARCHITECTURE_CHECKS, *PAIR_CHECKS):
        assert hasattr(ArchitectureContract, f"test_{check.name.replace('-', '_')}")


def test_a_failure_says_why_and_where():
    with pytest.raises(AssertionError, match=r"Why it matters: .*\nWhere to look: .*toys.py:"):
        ToyVAE().test_labels()


def test_a_plugin_contract_has_a_test_for_each_check(monkeypatch):
    class Toys(PluginContract):
        package = "genzoo-toys"

        def manager(self):
            return toy_manager()

    class Metafunc:
        fixturenames = ("subject_and_check",)

        def parametrize(self, name, cases, ids):
            self.cases, self.ids = cases, ids

    metafunc = Metafunc()
    Toys().pytest_generate_tests(metafunc)
    assert "architecture toy-vae: labels" in metafunc.ids
    outcomes = {}
    for name, case in zip(metafunc.ids, metafunc.cases, strict=True):
        if name in ("architecture toy-vae: labels", "architecture toy-gan: labels"):
            try:
                Toys().test_contract(case)
                outcomes[name] = True
            except AssertionError:
                outcomes[name] = False
    assert outcomes == {
        "architecture toy-vae: labels": False,
        "architecture toy-gan: labels": True,
    }


def test_pytest_is_not_imported():
    code = (
        "import genzoo_testing\n"
        "import sys\n"
        "assert 'torch' not in sys.modules\n"
        "genzoo_testing.ArchitectureContract, genzoo_testing.check_plugin\n"
        "assert not {'pytest', '_pytest'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names_are_there():
    for name in genzoo_testing.__all__:
        assert getattr(genzoo_testing, name).__doc__
    with pytest.raises(AttributeError, match="Absent"):
        _ = genzoo_testing.Absent
