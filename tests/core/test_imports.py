"""Who may import whom: the rules of the house, read from the sources."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from structure import (
    CORE,
    LEVEL,
    ROOT,
    circle,
    imported,
    room_graph,
    sources,
    upward_imports,
)

import genzoo

PLUGINS = {
    path.name: path for path in (ROOT / "plugins").iterdir() if (path / "__init__.py").exists()
}
ZOO = ROOT / "zoo" / "genzoo_zoo"
RECIPES = ROOT / "zoo" / "recipes"


def test_every_module_of_core_has_its_place_in_the_order_of_rooms() -> None:
    inside = CORE / "genzoo"
    rooms = {path.name.removesuffix(".py") for path in inside.iterdir() if path.suffix == ".py"}
    rooms |= {path.name for path in inside.iterdir() if (path / "__init__.py").exists()}
    assert rooms - {"__init__"} == set(LEVEL) - {"genzoo_testing"}


def test_core_imports_run_one_way() -> None:
    assert upward_imports() == set()


def test_core_packages_form_no_circle() -> None:
    assert circle(room_graph()) == []


def test_core_knows_no_plugin() -> None:
    strangers = (*PLUGINS, "genzoo_zoo")
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(CORE)
        for name in imported(path)
        if name.split(".")[0] in strangers
    }
    assert wrong == set()


@pytest.mark.parametrize(
    "folder", [*PLUGINS.values(), ZOO, RECIPES], ids=lambda folder: folder.name
)
def test_plugins_import_only_the_public_api_and_themselves(folder: Path) -> None:
    public = {f"genzoo.{name}" for name in genzoo.__all__} | {"genzoo"}
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(folder)
        for name in imported(path)
        if name.split(".")[0].startswith("genzoo")
        and name.split(".")[0] != (ZOO if folder == RECIPES else folder).name
        and name not in public
    }
    assert wrong == set()


HEAVY = {"torch", "torchvision", "numpy", "pydantic", "rich", "huggingface_hub", "safetensors"}


def newly_imported(code: str) -> set[str]:
    """Top-level modules in a fresh process after `code`."""
    script = f"{code}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(result.stdout.splitlines()[-1].split())


def test_importing_genzoo_is_light() -> None:
    assert newly_imported("import genzoo") & HEAVY == set()


def test_records_hooks_and_registry_are_light() -> None:
    code = "from genzoo import ArchitectureSpec, hookimpl, GenzooError; import genzoo.registry"
    assert newly_imported(code) & HEAVY == set()


def test_configurations_import_no_torch() -> None:
    code = (
        "import genzoo.training.training_config, genzoo.specs, genzoo.artifact.format\n"
        "from genzoo.plugins.manager import default_manager\n"
        "from genzoo.registry import load_target\n"
        "registry = default_manager().registry\n"
        "from genzoo import ArchitectureSpec, KindSpec, ObjectiveSpec, PriorSpec\n"
        "for record in (ArchitectureSpec, ObjectiveSpec, PriorSpec, KindSpec):\n"
        "    for entry in registry[record].values():\n"
        "        load_target(entry.record.config)\n"
        "load_target(registry[KindSpec].find('image').record.target)\n"
    )
    assert newly_imported(code) & {"torch", "torchvision"} == set()
