"""`genzoo plugins sync`: install the plugins that a file lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genzoo.cli.options import HomePath, output_options
from genzoo.cli.output import output
from genzoo.cli.plugins.changes import (
    approved,
    change_options,
    plan_warnings,
    plugin_details,
    ready_installer,
    source_options,
    sources,
    tell_outcome,
)
from genzoo.cli.plugins.uninstall import check_gone
from genzoo.version import __version__


@click.command("sync")
@click.argument("file", type=HomePath(path_type=Path))
@click.option("--exact", is_flag=True, help="Remove the plugins that FILE does not list.")
@change_options
@source_options
@output_options
def command(file: Path, exact: bool, yes: bool, dry_run: bool, **places: Any) -> None:
    """Install the plugins that FILE lists, as genzoo plugins freeze wrote them.

    Shows the plan first, and does nothing where all is as FILE has it.
    """
    from genzoo.plugins.installing.inventory import installed_versions, plugin_distributions
    from genzoo.plugins.installing.lockfile import read_plugin_set
    from genzoo.plugins.installing.outcome import known_before, outcome_of
    from genzoo.plugins.installing.ownership import Wish
    from genzoo.plugins.installing.plan import removal
    from genzoo.plugins.installing.sync import difference, request_for, surplus

    wanted = read_plugin_set(file)
    if wanted.genzoo and wanted.genzoo != __version__:
        output().note(f"{file} was written with genzoo {wanted.genzoo}, this is another.")
    found = difference(wanted)
    request = request_for(found, sources(**places))
    installer = ready_installer(
        Wish(request.requirements, request.editable, plugins=sorted(plugin_distributions()))
    )
    plan = installer.plan(request) if found.missing else []
    names, versions = found.names | {change.name for change in plan}, installed_versions()
    goes = surplus(names, plan) if exact else []
    plan = [*plan, *(removal(name, versions[name]) for name in goes)]
    if not approved(
        plan,
        yes=yes,
        dry_run=dry_run,
        nothing=f"Nothing to do: the plugins are as {file} has them.",
        details=plugin_details(plan),
        warnings=plan_warnings(plan),
    ):
        return
    before = known_before(change.name for change in plan)
    if found.missing:
        installer.install(request, plan)
    # What is installed now may need what seemed superfluous.
    goes = [name for name in goes if name in surplus(names)]
    if goes:
        installer.uninstall(goes)
        check_gone(goes)
    tell_outcome(plan, outcome_of(plan, before))
