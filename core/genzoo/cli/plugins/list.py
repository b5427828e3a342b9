"""`genzoo plugins list`: what extends genzoo."""

from __future__ import annotations

import dataclasses

import click

from genzoo.cli.options import output_options
from genzoo.cli.output import output


@click.command("list")
@output_options
def command() -> None:
    """List the installed plugins, and why one is not loaded."""
    from genzoo.plugins.manager import default_manager

    output().table(
        {
            "name": "name",
            "distribution": "distribution",
            "version": "version",
            "state": "state",
            "what": "what it brings, or why not",
        },
        [
            {**dataclasses.asdict(status), "what": status.reason or ", ".join(status.registers)}
            for status in default_manager().statuses
        ],
    )
