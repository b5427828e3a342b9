"""`genzoo plugins sync`: install the plugins that a file lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genzoo.cli.options import HomePath, output_options
from genzoo.cli.plugins.changes import carry_out, change_options, source_options


@click.command("sync")
@click.argument("file", type=HomePath(path_type=Path))
@click.option("--exact", is_flag=True, help="Remove the plugins that FILE does not list.")
@change_options
@source_options
@output_options
def command(file: Path, exact: bool, **settings: Any) -> None:
    """Install the plugins that FILE lists, as genzoo plugins freeze wrote them.

    Shows the plan first, and does nothing where all is as FILE has it.
    """
    from genzoo.plugins.frozen_plugins import freeze, installed_as, read_pins
    from genzoo.plugins.installed_packages import kept_versions, needed_by, plugin_distributions

    pins, here = read_pins(file), freeze()
    right = [found for pin in pins if (found := installed_as(pin, here))]
    words = [pin.word for pin in pins if not installed_as(pin, here)]
    # What is right stays, whatever the others would rather have.
    keep = kept_versions() | {pin.name: pin.version for pin in right}

    def surplus() -> list[str]:
        found = [installed_as(pin, freeze()) for pin in pins]
        names = {pin.name for pin in (*found, *pins) if pin and pin.name}
        # A folder that is not installed yet does not tell its name, and what it needs.
        return sorted(plugin_distributions() - needed_by(names)) if exact else []

    carry_out(words, surplus, keep=keep, **settings)
