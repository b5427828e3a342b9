"""`genzoo plugins`: what extends genzoo."""

from __future__ import annotations

import click

from genzoo.cli.lazy import LazyGroup

COMMANDS = {
    "list": "List the installed plugins, and why one is not loaded.",
    "new": "Write the package of a new plugin.",
    "check": "Check that a plugin keeps the contract.",
    "install": "Install plugins: by name, from a folder, from a repository.",
    "uninstall": "Remove plugins, working or not.",
    "freeze": "Write down the installed plugins.",
    "sync": "Install the plugins that were written down.",
    "doctor": "Explain what is wrong with plugins, and what to do.",
}
"""Every command with its line of help; `NAME` is `genzoo.cli.plugins.NAME:command`."""


@click.group(cls=LazyGroup, package=__name__, lines=COMMANDS)
def command() -> None:
    """What extends genzoo: installed packages that register architectures, data or models."""
