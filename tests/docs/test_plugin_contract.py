"""The page on the plugin contract tells of every check, in its own words."""

import re
from pathlib import Path

import pytest

from genzoo_testing.import_probe import HEAVY, HEAVY_FOR_CONFIGS
from genzoo_testing.runner import ALL_CHECKS

PAGE = (Path(__file__).parents[2] / "docs" / "plugin-contract.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda check: check.name)
def test_every_check_is_documented(check):
    holds = check.find.__doc__.splitlines()[0]
    assert f"| `{check.name}` | {holds} | {check.why} |" in PAGE


def test_no_other_check_is_documented():
    rows = re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(check.name for check in ALL_CHECKS)


def test_what_is_slow_to_import_is_named():
    (sentence,) = re.findall(r"Slow to import are (.*)\. Configs", PAGE)
    assert tuple(re.split(", | and ", sentence)) == HEAVY
    assert HEAVY[:2] == HEAVY_FOR_CONFIGS


def test_its_classes_and_their_attributes_exist():
    from genzoo.testing import ArchitectureContract, PluginContract

    (code,) = re.findall(r"(from genzoo.testing .*?)```", PAGE, re.DOTALL)
    names: dict = {}
    exec(compile(code, "plugin-contract.md", "exec"), names)
    assert issubclass(names["TestPlugin"], PluginContract)
    own = set(vars(names["TestRealNVP"])) - {"__module__", "__doc__"}
    assert own <= set(ArchitectureContract.__annotations__)
