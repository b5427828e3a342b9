"""`genzoo architectures`: what can be trained."""

from __future__ import annotations

import click

from genzoo.cli.loaded_plugins import plugin_registry
from genzoo.cli.options import output_options
from genzoo.cli.printing import output
from genzoo.records import ArchitectureSpec

COLUMNS = {"name": "name", "family": "family", "objective": "objective", "summary": "summary"}


@click.command()
@output_options
def command() -> None:
    """List the architectures that can be trained."""
    catalogue = plugin_registry()[ArchitectureSpec]
    entries = [(name, catalogue.find(name)) for name in catalogue.names()]
    rows = [
        {
            "name": name,
            "full_name": entry.full_name,
            "family": entry.record.family,
            "parts": entry.record.parts,
            "objective": entry.record.objective,
            "kinds": entry.record.kinds,
            "latents": entry.record.latents,
            "summary": entry.record.summary,
            "paper": entry.record.paper,
        }
        for name, entry in entries
    ]
    output().table(COLUMNS, rows)
    output().note("More on one: genzoo info NAME; its options: genzoo train NAME --help")
