"""Loading the plugins in a fresh process: the running one knows only what was there before."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from genzoo.errors import InstallError
from genzoo.plugins.discovery import ALLOW_VARIABLE
from genzoo.plugins.manager import PluginManager
from genzoo.plugins.plugin_status import PluginStatus

PATIENCE = 120.0
"""Seconds after which plugins that are still loading are given up."""


def survey(also: Iterable[str] = ()) -> list[PluginStatus]:
    """What becomes of every installed plugin when genzoo starts now.

    Args:
        also: Distributions to load even where the environment variable `GENZOO_PLUGINS` does not
            list them.

    Raises:
        InstallError: A plugin ends the process, or does not come to an end.
    """
    with tempfile.TemporaryDirectory(prefix="genzoo-") as folder:
        file = Path(folder) / "statuses.json"
        # -P: what lies in the working directory is not installed.
        command = [sys.executable, "-P", "-m", __name__, str(file)]
        try:
            finished = subprocess.run(
                command, capture_output=True, env=_environment(also), timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise InstallError(f"it is still loading after {PATIENCE:g} seconds") from error
        if not file.exists():
            raise InstallError(f"it ends the process at import, with code {finished.returncode}")
        return [_status(facts) for facts in json.loads(file.read_text("utf-8"))]


def _environment(also: Iterable[str]) -> dict[str, str]:
    environment = dict(os.environ)
    if ALLOW_VARIABLE in environment:
        environment[ALLOW_VARIABLE] = ",".join([environment[ALLOW_VARIABLE], *also])
    return environment


def _status(facts: dict[str, object]) -> PluginStatus:
    registers = facts.pop("registers")
    assert isinstance(registers, list)
    return PluginStatus(**facts, registers=tuple(registers))  # type: ignore[arg-type]


def write_statuses(file: Path) -> None:
    """Load the plugins and write their statuses as JSON, complete or not at all."""
    statuses = [dataclasses.asdict(status) for status in PluginManager.discover().statuses]
    beside = file.with_suffix(".part")
    beside.write_text(json.dumps(statuses), encoding="utf-8")
    beside.replace(file)


if __name__ == "__main__":
    write_statuses(Path(sys.argv[1]))
