"""`genzoo plugins install`: add plugins to the environment that genzoo runs in."""

from __future__ import annotations

from typing import Any

import click

from genzoo.cli.options import output_options
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
from genzoo.errors import UsageError


@click.command("install")
@click.argument("packages", metavar="[NAME|PATH|GIT-URL]...", nargs=-1)
@click.option(
    "-e",
    "--editable",
    multiple=True,
    metavar="PATH",
    help="Install a project folder in place; may be given more than once.",
)
@click.option("-U", "--upgrade", is_flag=True, help="Take the newest version of what is named.")
@change_options
@source_options
@output_options
def command(
    packages: tuple[str, ...],
    editable: tuple[str, ...],
    upgrade: bool,
    yes: bool,
    dry_run: bool,
    **places: Any,
) -> None:
    """Install plugins: shows the plan, installs, and tells what is new.

    NAME may have a version and extras: 'genzoo-flow[audio]>=1'. torch, torchvision and genzoo stay
    as they are. Exits with 1 if a plugin does not load afterwards.
    """
    from genzoo.plugins.installing.inventory import kept_versions, plugin_distributions
    from genzoo.plugins.installing.outcome import known_before, outcome_of
    from genzoo.plugins.installing.ownership import Wish
    from genzoo.plugins.installing.request import Request
    from genzoo.plugins.installing.targets import as_project, as_requirement

    if not packages and not editable:
        raise UsageError(
            "There is nothing to install.", "Name a package: genzoo plugins install genzoo-flow"
        )
    requirements, projects = [*map(as_requirement, packages)], [*map(as_project, editable)]
    stay = sorted(plugin_distributions())
    installer = ready_installer(Wish(requirements, projects, plugins=stay))
    request = Request(requirements, projects, kept_versions(), upgrade, sources(**places))
    output().note("Finding out what this changes.")
    plan = installer.plan(request)
    if not approved(
        plan,
        yes=yes,
        dry_run=dry_run,
        nothing="Nothing to do: all of it is installed.",
        details=plugin_details(plan),
        warnings=plan_warnings(plan),
    ):
        return
    before = known_before(change.name for change in plan)
    output().note("Installing.")
    installer.install(request, plan)
    tell_outcome(plan, outcome_of(plan, before))
