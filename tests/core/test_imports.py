"""Who may import whom: the rules of the house, read from the sources."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import genzoo

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core" / "genzoo"
PLUGINS = {name: ROOT / "plugins" / name for name in ("genzoo_gan", "genzoo_vae")}
ZOO = ROOT / "zoo" / "genzoo_zoo"

TESTING = ROOT / "core" / "genzoo_testing"

LAYERS = (
    ("__main__", "testing"),
    ("cli",),
    ("genzoo_testing",),
    ("api", "training", "doctor", "evaluation", "zoo", "hub", "importing"),
    ("data", "media", "artifact"),
    ("model", "registry", "plugins", "events"),
    (
        *("interfaces", "layers", "specs", "records", "errors"),
        *("atomic_files", "cache_folder", "plugin_errors", "distributed"),
    ),
)
LEVEL = {group: level for level, groups in enumerate(LAYERS) for group in groups}


def sources(folder: Path) -> Iterator[Path]:
    return folder.rglob("*.py")


def imported(path: Path) -> set[str]:
    """Absolute names of the modules and members that a file imports, wherever it does."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def group_of(module: str) -> str:
    """`training` for `genzoo.training.ema.X`, and `genzoo_testing` for all of that package."""
    first, second = module.split(".")[:2]
    return second if first == "genzoo" else first


def core_imports() -> Iterator[tuple[Path, str, str]]:
    """File, its group and a group it imports."""
    for path in [*sources(CORE), *sources(TESTING)]:
        inside = path.is_relative_to(CORE)
        group = path.relative_to(CORE).parts[0].removesuffix(".py") if inside else TESTING.name
        # The top-level package names everything and imports nothing until it is asked to.
        if path == CORE / "__init__.py":
            continue
        for name in imported(path):
            if name.startswith(("genzoo.", "genzoo_testing.")):
                yield path, group, group_of(name)


def test_every_module_of_core_has_its_layer() -> None:
    groups = {path.name.removesuffix(".py") for path in CORE.iterdir() if path.suffix == ".py"}
    groups |= {path.name for path in CORE.iterdir() if (path / "__init__.py").exists()}
    assert groups - {"__init__"} == set(LEVEL) - {TESTING.name}


def test_core_imports_run_one_way() -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports genzoo.{other}"
        for path, group, other in core_imports()
        if other not in LEVEL or LEVEL[other] < LEVEL[group]
    }
    assert wrong == set()


def test_core_packages_form_no_circle() -> None:
    graph: dict[str, set[str]] = {}
    for _, group, other in core_imports():
        if group != other:
            graph.setdefault(group, set()).add(other)
    TopologicalSorter(graph).prepare()


def test_core_knows_no_plugin() -> None:
    strangers = (*PLUGINS, "genzoo_zoo")
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(CORE)
        for name in imported(path)
        if name.split(".")[0] in strangers
    }
    assert wrong == set()


@pytest.mark.parametrize("folder", [*PLUGINS.values(), ZOO], ids=lambda folder: folder.name)
def test_plugins_import_only_the_public_api_and_themselves(folder: Path) -> None:
    public = {f"genzoo.{name}" for name in genzoo.__all__} | {"genzoo"}
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(folder)
        for name in imported(path)
        if name.split(".")[0].startswith("genzoo")
        and name.split(".")[0] != folder.name
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
        "for kind in ('architectures', 'objectives', 'priors', 'kinds'):\n"
        "    for entry in getattr(registry, kind).values():\n"
        "        load_target(entry.record.config)\n"
        "load_target(registry.kinds.find('image').record.target)\n"
    )
    assert newly_imported(code) & {"torch", "torchvision"} == set()
