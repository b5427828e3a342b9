"""What is wrong with the installed plugins, why, and what to do about it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from genzoo.errors import AmbiguousNameError, UnknownNameError
from genzoo.install_hints import as_name, install_command, uninstall_command
from genzoo.plugin_safety.plugin_errors import overdue
from genzoo.plugins.discovery import PATIENCE_VARIABLE, patience
from genzoo.plugins.manager import PluginManager
from genzoo.plugins.plugin_status import Failure, PluginStatus
from genzoo.records import ArchitectureSpec, CommandSpec, ModelSpec
from genzoo.registry import Catalogue, Registry

SLOW = 1.0
"""Seconds that loading a plugin may take before it is mentioned: every command waits for it."""

_IMPORT_LINE = re.compile(r"^import time:\s*(\d+) \|\s*\d+ \|\s*([\w.]+)$", re.MULTILINE)
IMPORT_TIMEOUT = 120.0

_HEAVY_ADVICE = "Every command waits for that; records can name code without importing it."


@dataclass(frozen=True)
class Problem:
    """Something that the user should know.

    Attributes:
        about: The plugin or name.
        distributions: Who is concerned.
        kind: `failed`, `incompatible`, `blocked`, `registers nothing`, `slow`, `imports torch`,
            `changes the process`, `ambiguous name`, `hidden command` or `absent architecture`.
        cause: What is wrong, in plain words.
        where: File and line; empty where that is not known.
        remedies: What to type, the most promising first.
    """

    about: str
    distributions: tuple[str, ...]
    kind: str
    cause: str
    where: str = ""
    remedies: tuple[str, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether it is a fault, and not what the user asked for."""
        return self.kind != "blocked"


@dataclass(frozen=True)
class ImportTime:
    """What importing a module took in a fresh process.

    Attributes:
        slowest: The top-level package that took longest by itself.
        seconds: How long that took.
        imports_torch: Whether torch is among what was imported.
    """

    slowest: str
    seconds: float
    imports_torch: bool


def find_problems(manager: PluginManager, commands: Collection[str]) -> list[Problem]:
    """Everything that is wrong, plugins first.

    Args:
        manager: The plugins.
        commands: Names of genzoo's own commands.
    """
    problems = [
        _not_loaded(status) if status.state != "loaded" else _empty(status)
        for status in manager.statuses
        if status.state != "loaded" or not status.registers
    ]
    problems += _heavy(manager)
    problems += _meddling(manager)
    registry = manager.registry
    problems += _shared_names(registry)
    problems += _shadowed_commands(registry, commands)
    problems += _models_without_architecture(registry)
    return problems


def _not_loaded(status: PluginStatus) -> Problem:
    failure = status.failure or Failure()
    return Problem(
        about=status.title,
        distributions=(status.distribution,),
        kind=status.state,
        cause=_cause(status, failure),
        where=f"{failure.file}, line {failure.line}" if failure.file else "",
        remedies=_remedies(status, failure),
    )


def _cause(status: PluginStatus, failure: Failure) -> str:
    text = status.reason
    first = failure.causes[0] if failure.causes else ""
    if failure.missing:
        text = f"it imports the module '{failure.missing}', which is not installed"
    elif first.startswith(("SystemExit", "KeyboardInterrupt")):
        text = f"it tries to end the program ({text})"
    # The first exception is part of the reason.
    for cause in failure.causes[1:]:
        text += f"; before that, {cause}"
    return _sentence(text)


def _remedies(status: PluginStatus, failure: Failure) -> tuple[str, ...]:
    name, version = status.distribution, status.version
    if status.state == "blocked":
        return ()
    remove = uninstall_command(name)
    if failure.causes and failure.causes[0] == overdue(patience()):
        return (f"{PATIENCE_VARIABLE}={5 * patience():g} genzoo plugins list", remove)
    update = install_command(name, f">{version}" if version else "")
    if failure.missing and not _is_there(failure.missing.partition(".")[0]):
        return (f"pip install {as_name(failure.missing.partition('.')[0])}", remove)
    if status.needs and _is_newer(status.needs):
        return (install_command("genzoo", status.needs), remove)
    return (update, remove)


def _is_there(package: str) -> bool:
    """Whether a package is installed, so that only a module of it is missing."""
    return package in sys.modules or find_spec(package) is not None


def _is_newer(specifier: str) -> bool:
    """Whether a range has a lower bound above this genzoo."""
    from packaging.specifiers import SpecifierSet

    from genzoo.version import __version__

    lower = [str(one) for one in SpecifierSet(specifier) if one.operator in (">=", ">", "~=", "==")]
    return any(not SpecifierSet(one).contains(__version__, prereleases=True) for one in lower)


def _empty(status: PluginStatus) -> Problem:
    return Problem(
        about=status.title,
        distributions=(status.distribution,),
        kind="registers nothing",
        cause="It is loaded and registers nothing: none of its functions is a hook of genzoo.",
        remedies=(
            install_command(status.distribution, f">{status.version}"),
            uninstall_command(status.distribution),
        ),
    )


def _heavy(manager: PluginManager) -> Iterator[Problem]:
    """Plugins that take long to import, and those that import torch."""
    torch_is_there = False
    for status in manager.statuses:
        slow = status.seconds > SLOW
        torch_is_there = torch_is_there or status.imports_torch
        # What imports torch after another one did cannot be told by the look of this process.
        if not status.target or status.state != "loaded" or not (slow or torch_is_there):
            continue
        timing = time_import(status.target.partition(":")[0].strip())
        imports_torch = status.imports_torch or (timing is not None and timing.imports_torch)
        if slow or imports_torch:
            yield _describe_heavy(status, timing, imports_torch)


def time_import(module: str) -> ImportTime | None:
    """Import `module` in a process of its own; None where that tells nothing."""
    command = [sys.executable, "-P", "-X", "importtime", "-c", f"import {module}"]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=IMPORT_TIMEOUT
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    microseconds: Counter[str] = Counter()
    for own, name in _IMPORT_LINE.findall(result.stderr):
        microseconds[name.partition(".")[0]] += int(own)
    if not microseconds:
        return None
    ((slowest, count),) = microseconds.most_common(1)
    return ImportTime(slowest, count / 1e6, "torch" in microseconds)


def _describe_heavy(
    status: PluginStatus, timing: ImportTime | None, imports_torch: bool
) -> Problem:
    cause = f"Loading it takes {status.seconds:.1f} s"
    if timing is not None and timing.seconds > SLOW / 2:
        cause += f", {timing.seconds:.1f} s of that in {timing.slowest}"
    if imports_torch:
        cause += "; it imports torch while it is registered"
    return Problem(
        about=status.title,
        distributions=(status.distribution,),
        kind="imports torch" if imports_torch else "slow",
        cause=f"{cause}. {_HEAVY_ADVICE}",
        remedies=(
            f"genzoo --no-plugin {as_name(status.distribution)} COMMAND",
            install_command(status.distribution, f">{status.version}"),
        ),
    )


def _meddling(manager: PluginManager) -> Iterator[Problem]:
    """Plugins that change what all share, which was put back after each."""
    for status in manager.statuses:
        if status.changes and status.state == "loaded":
            yield Problem(
                about=status.title,
                distributions=(status.distribution,),
                kind="changes the process",
                cause=f"While it is loaded it changes {', '.join(status.changes)}, which others "
                "share: genzoo puts that back. A plugin sets what it needs where it needs it.",
                remedies=(
                    install_command(status.distribution, f">{status.version}"),
                    uninstall_command(status.distribution),
                ),
            )


def _shared_names(registry: Registry) -> Iterator[Problem]:
    for catalogue in registry.catalogues():
        for name, owners in _owners(catalogue).items():
            if len(owners) > 1:
                full = " or ".join(f"{owner}/{name}" for owner in owners)
                yield Problem(
                    about=f"the {catalogue.what} {name}",
                    distributions=owners,
                    kind="ambiguous name",
                    cause=f"{' and '.join(owners)} register it, so its short name is "
                    f"ambiguous. Say {full}.",
                    remedies=tuple(uninstall_command(o) for o in owners if o != "genzoo"),
                )


def _owners(catalogue: Catalogue[Any]) -> dict[str, tuple[str, ...]]:
    owners: dict[str, tuple[str, ...]] = {}
    for entry in catalogue.values():
        name = entry.record.name
        owners[name] = (*owners.get(name, ()), entry.distribution)
    return owners


def _shadowed_commands(registry: Registry, commands: Collection[str]) -> Iterator[Problem]:
    for entry in registry[CommandSpec].values():
        if entry.record.name in commands:
            yield Problem(
                about=f"the command {entry.record.name}",
                distributions=(entry.distribution,),
                kind="hidden command",
                cause=f"genzoo has a command of that name, so the one of {entry.distribution} "
                "is called by its full name.",
                remedies=(f"genzoo {entry.full_name}",),
            )


def _models_without_architecture(registry: Registry) -> Iterator[Problem]:
    for entry in registry[ModelSpec].values():
        wanted = entry.record.architecture
        try:
            registry[ArchitectureSpec].find(wanted, near=entry.distribution)
        except AmbiguousNameError:
            continue
        except UnknownNameError:
            owner = wanted.rpartition("/")[0]
            yield Problem(
                about=f"the model {entry.full_name}",
                distributions=(entry.distribution,),
                kind="absent architecture",
                cause=f"Its architecture '{wanted}' is not there.",
                remedies=(install_command(owner),) if owner else (),
            )


def _sentence(text: str) -> str:
    begins_with_name = "_" in text.partition(" ")[0]
    begun = f"{text[:1] if begins_with_name else text[:1].upper()}{text[1:].rstrip('.')}"
    return begun if begun.endswith("?") else f"{begun}."
