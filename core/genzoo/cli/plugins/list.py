"""`genzoo plugins list`: what extends genzoo."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import click

from genzoo.cli.loaded_plugins import tell_of_names
from genzoo.cli.options import output_options
from genzoo.cli.printing import output

COLUMNS = {
    "distribution": "distribution",
    "version": "version",
    "name": "plugin",
    "state": "state",
    "what": "what it registers, or why it is not loaded",
}


@click.command("list")
@output_options
def command() -> None:
    """List the installed plugins, and why one is not loaded."""
    from genzoo.plugins.manager import default_manager

    manager = default_manager()
    rows = [
        {**dataclasses.asdict(status), "what": status.reason or grouped(status.registers)}
        for status in manager.statuses
    ]
    output().table(COLUMNS, rows)
    tell_of_names(manager)
    if any(status.state in ("failed", "incompatible") for status in manager.statuses):
        output().note("What to do about those that are not loaded: genzoo plugins doctor")


def grouped(registered: Iterable[str]) -> str:
    """`architecture a`, `architecture b` and `prior c` as `architectures a, b; prior c`."""
    groups: dict[str, list[str]] = {}
    for text in registered:
        what, _, name = text.rpartition(" ")
        groups.setdefault(what, []).append(name)
    return "; ".join(
        f"{what}{'s' if len(names) > 1 else ''} {', '.join(names)}"
        for what, names in groups.items()
    )
