"""`genzoo plugins doctor`: what is wrong with the installed plugins."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from genzoo.cli.loaded_plugins import tell_of_names
from genzoo.cli.options import output_options
from genzoo.cli.printing import Sheet, output

if TYPE_CHECKING:
    from genzoo.plugins.plugin_problems import Problem


@click.command()
@output_options
@click.pass_context
def command(ctx: click.Context) -> None:
    """Explain what is wrong with the installed plugins and what to do. Exit code 1 if anything is.

    Besides plugins that are not loaded it finds slow ones, those that import torch too early,
    names that several packages register, and models whose architecture is absent.
    """
    from genzoo.cli.main import COMMANDS
    from genzoo.plugins.manager import default_manager
    from genzoo.plugins.plugin_problems import find_problems

    manager = default_manager()
    problems = find_problems(manager, COMMANDS)
    well = not any(problem.wrong for problem in problems)
    tell_of_names(manager)
    if output().json:
        data = {
            "well": well,
            "plugins": [dataclasses.asdict(status) for status in manager.statuses],
            "problems": [dataclasses.asdict(problem) for problem in problems],
        }
        output().result(data, "")
    else:
        output().sheets([_sheet(problem) for problem in problems])
        loaded = [status for status in manager.statuses if status.state == "loaded"]
        if problems:
            click.echo()
        click.echo(_summary(problems, len(loaded)))
    ctx.exit(0 if well else 1)


def _sheet(problem: Problem) -> Sheet:
    keys = ("type", *("or" for _ in problem.remedies[1:]))
    facts = {"state": problem.kind, "cause": problem.cause, "where": problem.where}
    facts |= dict(zip(keys, problem.remedies, strict=False))
    return f"{problem.about[0].upper()}{problem.about[1:]}", facts


def _summary(problems: list[Problem], loaded: int) -> str:
    wrong = sum(problem.wrong for problem in problems)
    plugins = "1 plugin is" if loaded == 1 else f"{loaded} plugins are"
    if wrong:
        return f"{wrong} {'problem' if wrong == 1 else 'problems'}; {plugins} loaded."
    return f"All {plugins} well." if loaded > 1 else f"{plugins} loaded."
