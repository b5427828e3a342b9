"""`genzoo plugins uninstall`: remove plugins, working or not."""

from __future__ import annotations

import click

from genzoo.cli.options import output_options
from genzoo.cli.plugins.changes import carry_out, change_options
from genzoo.errors import UsageError, unknown_name


@click.command("uninstall")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@change_options
@output_options
def command(names: tuple[str, ...], yes: bool, dry_run: bool) -> None:
    """Uninstall plugins, named by their distributions (see genzoo plugins list)."""
    from genzoo.plugins.discovery import normalise
    from genzoo.plugins.installed_packages import installed_versions, plugin_distributions

    plugins, goes = plugin_distributions(), list(dict.fromkeys(map(normalise, names)))
    for name in goes:
        if name in installed_versions() and name not in plugins:
            raise UsageError(f"{name} is not a plugin.", f"To remove it: pip uninstall {name}")
        if name not in plugins:
            raise unknown_name("installed plugin", name, plugins)
    carry_out([], lambda: goes, keep={}, yes=yes, dry_run=dry_run)
