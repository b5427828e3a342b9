"""What importing a plugin imports, seen from a fresh process."""

import sys

import pytest
from pocket import write_pocket

from genzoo.plugins.manager import PluginManager
from genzoo_testing import registration_checks as registration
from genzoo_testing.find_plugin import find_plugin


@pytest.fixture
def find(tmp_path, monkeypatch):
    """Writes a project of its own name and finds the plugin in it."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def find(name, **changes):
        folder = write_pocket(tmp_path / name, name, changes)
        return find_plugin(str(folder), PluginManager())

    return find


def test_a_light_plugin_passes(find):
    subject = find("pocket_light")
    for check in (
        registration.loads,
        registration.light_registration,
        registration.light_configs,
    ):
        result = check.run(subject)
        assert result.ok, result.detail


@pytest.mark.parametrize("module", ["torch", "pydantic"])
def test_a_plugin_that_imports_something_slow_fails(find, module):
    change = ("from genzoo import Arch", f"import {module}\nfrom genzoo import Arch")
    subject = find(f"pocket_{module}", __init__=change)
    result = registration.light_registration.run(subject)
    assert not result.ok
    assert f"It imports {module}" in result.detail
    assert result.where.endswith(f"pocket_{module}/__init__.py:2")


def test_a_hook_that_imports_something_slow_fails(find):
    change = ("    return [", "    import numpy\n    return [")
    result = registration.light_registration.run(find("pocket_hook", __init__=change))
    assert not result.ok
    assert "It imports numpy" in result.detail
    assert result.where.endswith("pocket_hook/__init__.py:6")


def test_a_config_that_imports_torchvision_fails(find, tmp_path):
    subject = find("pocket_config", configs=("from pydantic", "import torchvision\nfrom pydantic"))
    # One that is quick to import.
    (tmp_path / "pocket_config" / "src" / "torchvision.py").touch()
    assert registration.light_registration.run(subject).ok
    result = registration.light_configs.run(subject)
    assert not result.ok
    assert "It imports torchvision" in result.detail
    assert result.where.endswith("pocket_config/configs.py:2")


def test_what_it_prints_does_not_disturb(find):
    change = ("from genzoo import Arch", "print('hello')\nfrom genzoo import Arch")
    assert registration.light_registration.run(find("pocket_chatty", __init__=change)).ok


def test_a_plugin_that_does_not_load_fails(find):
    subject = find("pocket_broken", __init__=("from genzoo import Arch", "raise SystemExit(3)\n#"))
    result = registration.loads.run(subject)
    assert not result.ok
    assert "SystemExit: 3" in result.detail


def test_a_plugin_that_does_not_import_elsewhere_fails(find, monkeypatch):
    subject = find("pocket_lost")
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if "pocket_lost" not in entry])
    result = registration.light_registration.run(subject)
    assert not result.ok
    assert "In a fresh process: it does not import: ModuleNotFoundError" in result.detail
