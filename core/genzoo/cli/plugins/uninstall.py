"""`genzoo plugins uninstall`: remove plugins, working or not."""

from __future__ import annotations

from collections.abc import Sequence

import click

from genzoo.cli.options import output_options
from genzoo.cli.output import output
from genzoo.cli.plugins.changes import approved, change_options, ready_installer, report
from genzoo.errors import InstallError


@click.command("uninstall")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@change_options
@output_options
def command(names: tuple[str, ...], yes: bool, dry_run: bool) -> None:
    """Uninstall plugins, named by their distributions (see genzoo plugins list)."""
    from genzoo.plugins.installing.inventory import installed_versions, plugin_distributions
    from genzoo.plugins.installing.ownership import Wish
    from genzoo.plugins.installing.plan import removal
    from genzoo.plugins.installing.targets import as_plugin

    versions = installed_versions()
    goes = list(dict.fromkeys(as_plugin(name, versions) for name in names))
    wish = Wish(removals=goes, plugins=sorted(plugin_distributions()))
    installer = ready_installer(wish)
    plan = [removal(name, versions[name]) for name in goes]
    registered = _registered_by(goes)
    details = {name: ", ".join(items) for name, items in registered.items()}
    warnings = _dependents_of(goes)
    if approved(plan, yes=yes, dry_run=dry_run, nothing="", details=details, warnings=warnings):
        installer.uninstall(goes)
        check_gone(goes)
        text = "\n".join(f"{change.name} {change.version}: removed" for change in plan)
        output().result({**report(plan, done=True), "registered": registered}, text)


def _registered_by(names: Sequence[str]) -> dict[str, list[str]]:
    from genzoo.plugins.installing.outcome import known_before

    registered: dict[str, list[str]] = {name: [] for name in names}
    for status in known_before():
        if status.distribution in registered:
            registered[status.distribution] += status.registers
    return registered


def _dependents_of(names: Sequence[str]) -> list[str]:
    from genzoo.plugins.installing.inventory import dependents, installed_requirements

    requirements = installed_requirements()
    return [
        f"{other} needs {name} and may not work without it."
        for name in names
        for other in dependents(name, requirements)
        if other not in names
    ]


def check_gone(names: Sequence[str]) -> None:
    """Make sure that distributions are removed.

    Raises:
        InstallError: One is still there: the installer leaves alone what lies elsewhere.
    """
    from genzoo.plugins.installing.inventory import installed_distributions

    found = installed_distributions()
    for name in names:
        if name in found:
            place = found[name].locate_file("")
            raise InstallError(
                f"{name} is still installed, in '{place}', which is not of this environment.",
                "Uninstall it with the Python that it was installed with.",
            )
