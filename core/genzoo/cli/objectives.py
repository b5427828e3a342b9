"""`genzoo objectives`: the ways to learn."""

from __future__ import annotations

import click

from genzoo.cli.loaded_plugins import plugin_registry
from genzoo.cli.options import output_options
from genzoo.cli.printing import output
from genzoo.records import ObjectiveSpec

COLUMNS = {"name": "name", "family": "family", "requires": "trains", "summary": "summary"}


@click.command()
@output_options
def command() -> None:
    """List the objectives that `genzoo train --objective` takes."""
    catalogue = plugin_registry()[ObjectiveSpec]
    entries = [(name, catalogue.find(name)) for name in catalogue.names()]
    rows = [
        {
            "name": name,
            "full_name": entry.full_name,
            "family": entry.record.family,
            "requires": entry.record.requires,
            "summary": entry.record.summary,
            "paper": entry.record.paper,
        }
        for name, entry in entries
    ]
    output().table(COLUMNS, rows)
