"""Distributions of their own, in plugins and docs/examples, installed as a stranger's."""

import json
import shutil
from pathlib import Path

import pytest
from environments import Environment

ROOT = Path(__file__).parents[2]
EXAMPLES = {
    path.parent.name: path.parent
    for place in ("docs/examples", "plugins")
    for path in ROOT.glob(f"{place}/*/pyproject.toml")
}
GENERATED = shutil.ignore_patterns("__pycache__", ".*", "dist", "build")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=EXAMPLES)
def example(request):
    return EXAMPLES[request.param]


@pytest.fixture(scope="module")
def environment(example, tmp_path_factory):
    """One into which the example is installed from a copy, so that nothing is left beside it."""
    folder = tmp_path_factory.mktemp(example.name)
    shutil.copytree(example, folder / "source", ignore=GENERATED)
    created = Environment.create(folder / "environment")
    created.install(folder / "source")
    return created


def test_it_loads_and_registers_something(example, environment):
    done = environment.genzoo("plugins", "list", "--json")
    rows = [row for row in json.loads(done.stdout) if row["distribution"] == example.name]
    assert rows, done.stdout
    for row in rows:
        assert row["state"] == "loaded", row
        assert row["registers"], row


def test_its_own_tests_pass(example, environment, tmp_path):
    """They run away from its sources, so that they see only what is installed."""
    shutil.copytree(example / "tests", tmp_path / "tests", ignore=GENERATED)
    shutil.copy(example / "pyproject.toml", tmp_path)
    done = environment.run("-m", "pytest", "-q", "--basetemp", tmp_path / "written", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_tests_are_run_on_what_is_installed(example, environment, tmp_path):
    package = example.name.replace("-", "_")
    code = f"import {package}; print({package}.__file__)"
    place = Path(environment.run("-c", code, cwd=tmp_path).stdout.strip())
    assert place.is_relative_to(environment.site_packages)
