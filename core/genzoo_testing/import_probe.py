"""What importing a plugin imports, found out in a fresh process.

Run as `python -m genzoo_testing.import_probe DISTRIBUTION ENTRY...`.

It prints JSON: for the registration and for the configs, each unwanted module with the line of the
plugin that led to it.
"""

from __future__ import annotations

import json
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint
from types import FrameType

from genzoo.errors import PluginError
from genzoo.plugin_safety.plugin_errors import contained
from genzoo.plugins.discovery import GROUP
from genzoo.plugins.manager import PluginManager
from genzoo.registry import load_target

HEAVY = (
    "torch",
    "torchvision",
    "numpy",
    "pydantic",
    "rich",
    "PIL",
    "scipy",
    "safetensors",
    "huggingface_hub",
)
"""What takes too long for `genzoo --help`, which imports every plugin."""

HEAVY_FOR_CONFIGS = ("torch", "torchvision")
"""What takes too long for `genzoo train NAME --help`, which imports a config."""


class Watcher(MetaPathFinder):
    """Finds nothing, and notes who first asks for one of `names`.

    Args:
        names: Top-level modules.
        modules: Top-level modules of the plugin, whose lines are told.
    """

    def __init__(self, names: tuple[str, ...], modules: frozenset[str]) -> None:
        self.names = names
        self.modules = modules
        self.seen: dict[str, str] = {}

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> ModuleSpec | None:
        """Note the importer."""
        if fullname in self.names and fullname not in self.seen:
            self.seen[fullname] = self._importer()
        return None

    def _importer(self) -> str:
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            name = str(frame.f_globals.get("__name__", ""))
            if name.partition(".")[0] in self.modules:
                return f"{frame.f_code.co_filename}:{frame.f_lineno}"
            frame = frame.f_back
        return ""


def probe(distribution: str, entries: list[str]) -> dict[str, dict[str, str]]:
    """Import a plugin as genzoo does, then its configs."""
    modules = frozenset(entry.partition(":")[0].partition(".")[0] for entry in entries)
    watcher = Watcher(HEAVY, modules)
    sys.meta_path.insert(0, watcher)
    manager = PluginManager()
    for entry in entries:
        with contained("it does not import"):
            plugin = EntryPoint(entry, entry, GROUP).load()
        manager.add(plugin, distribution)
    registration = dict(watcher.seen)
    watcher.names, watcher.seen = HEAVY_FOR_CONFIGS, {}
    for target in _configs(manager):
        load_target(target)
    return {"registration": registration, "configs": watcher.seen}


def _configs(manager: PluginManager) -> list[str]:
    targets = [
        getattr(entry.record, "config", "")
        for catalogue in manager.registry.catalogues()
        for entry in catalogue.values()
    ]
    return [target for target in targets if target]


def main() -> None:
    """The program."""
    distribution, *entries = sys.argv[1:]
    try:
        found = probe(distribution, entries)
    except PluginError as error:
        sys.exit(str(error))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
