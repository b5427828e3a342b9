"""From what somebody calls a plugin to what is checked."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

from genzoo.errors import PluginError, UsageError, unknown_name
from genzoo.plugin_safety.plugin_errors import contained
from genzoo.plugins.discovery import GROUP, find_candidates, normalise
from genzoo.plugins.manager import PluginManager
from genzoo_testing.check_targets import PluginSubject


def find_plugin(package: str, manager: PluginManager) -> PluginSubject:
    """The plugin that `package` means.

    Args:
        package: An installed distribution, the folder of a project, or the name of a module that
            implements hooks. The latter two are added to `manager` if they are not installed.
        manager: The loaded plugins.

    Raises:
        UsageError: It is none of these.
    """
    if normalise(package) in _distributions(manager):
        return _installed(normalise(package), manager)
    if (Path(package) / "pyproject.toml").is_file():
        return _project(Path(package), manager)
    if package.isidentifier() and find_spec(package) is not None:
        with contained(f"The module {package} does not import"):
            module = import_module(package)
        manager.add(module, package)
        return PluginSubject(normalise(package), (package,), (), manager.registry)
    raise unknown_name(
        "plugin", package, _distributions(manager), "Or name the folder of a project."
    )


def _distributions(manager: PluginManager) -> set[str]:
    return {status.distribution for status in manager.statuses}


def _installed(distribution: str, manager: PluginManager) -> PluginSubject:
    statuses = [status for status in manager.statuses if status.distribution == distribution]
    values = [c.entry.value for c in find_candidates() if c.distribution == distribution]
    return PluginSubject(
        distribution,
        tuple(values or [status.name for status in statuses]),
        tuple(f"{s.name} is {s.state}: {s.reason}" for s in statuses if s.state != "loaded"),
        manager.registry,
    )


def _project(folder: Path, manager: PluginManager) -> PluginSubject:
    """The plugin of a project's folder, installed or not."""
    name, entries = _declared(folder)
    if name in _distributions(manager):
        return _installed(name, manager)
    source = folder / "src" if (folder / "src").is_dir() else folder
    sys.path.insert(0, str(source.resolve()))
    reasons = []
    for key, value in entries.items():
        try:
            with contained("it does not import"):
                plugin = EntryPoint(key, value, GROUP).load()
            manager.add(plugin, name)
        except PluginError as error:
            reasons.append(f"{key} is failed: {error}")
    return PluginSubject(name, tuple(entries.values()), tuple(reasons), manager.registry)


def _declared(folder: Path) -> tuple[str, Mapping[str, str]]:
    """Name and entry points in a project's `pyproject.toml`."""
    file = folder / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        entries: Mapping[str, str] = project["entry-points"][GROUP]
        return normalise(project["name"]), entries
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{file} declares no plugin: {type(error).__name__}: {error}.",
            f'It needs a name and a table [project.entry-points."{GROUP}"].',
        ) from error
