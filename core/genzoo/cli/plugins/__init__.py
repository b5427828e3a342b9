"""`genzoo plugins`: what extends genzoo."""

from __future__ import annotations

import click

from genzoo.cli.lazy import LazyGroup

COMMANDS = {
    "list": "List the installed plugins, and why one is not loaded.",
    "check": "Check that a plugin keeps the contract.",
}
"""Every command with its line of help; `NAME` is `genzoo.cli.plugins.NAME:command`."""


@click.group(cls=LazyGroup, package=__name__, lines=COMMANDS)
def command() -> None:
    """What extends genzoo: installed packages that register architectures, data or models."""
