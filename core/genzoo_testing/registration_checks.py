"""Importing a plugin is quick and safe."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping

from genzoo_testing.check import ContractError, check
from genzoo_testing.check_targets import PluginSubject
from genzoo_testing.source_location import shorten

TIMEOUT = 120


@check("loads", "A plugin that does not load brings nothing; the user sees why in 'plugins list'.")
def loads(subject: PluginSubject) -> str:
    """Every entry point is imported and keeps the rules of hooks."""
    if subject.reasons:
        raise ContractError("; ".join(subject.reasons))
    return f"{', '.join(subject.entries)} loaded"


@check(
    "light-registration",
    "genzoo imports every plugin before it does anything: what one imports slows down each command "
    "of everybody who installed it.",
)
def light_registration(subject: PluginSubject) -> str:
    """In a fresh process, importing it and calling its hooks imports nothing slow."""
    _refuse(probe(subject)["registration"], "Import it in the modules that targets name instead.")
    return "imports nothing slow"


@check(
    "light-configs",
    "'genzoo train NAME --help' and completion import the config of an architecture or objective, "
    "and must not wait seconds for torch.",
)
def light_configs(subject: PluginSubject) -> str:
    """In a fresh process, importing its configs imports no torch."""
    _refuse(probe(subject)["configs"], "Keep configs in a module that does not import it.")
    return "import no torch"


@functools.cache
def probe(subject: PluginSubject) -> Mapping[str, Mapping[str, str]]:
    """What `genzoo_testing.import_probe` finds in a fresh process with this one's path.

    Raises:
        ContractError: The plugin does not import there.
    """
    command = [
        sys.executable,
        "-m",
        "genzoo_testing.import_probe",
        subject.distribution,
        *subject.entries,
    ]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environment = {**os.environ, "PYTHONPATH": path}
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise ContractError(
            f"It took more than {TIMEOUT} seconds to import in a fresh process."
        ) from None
    if result.returncode:
        told = result.stderr.strip().splitlines()
        raise ContractError(
            f"In a fresh process: {told[-1] if told else 'it ended without a word'}"
        )
    found: Mapping[str, Mapping[str, str]] = json.loads(result.stdout.splitlines()[-1])
    return found


def _refuse(found: Mapping[str, str], advice: str) -> None:
    if found:
        file, _, line = next(iter(found.values())).rpartition(":")
        where = f"{shorten(file)}:{line}" if file else ""
        raise ContractError(f"It imports {' and '.join(found)}. {advice}", where)
