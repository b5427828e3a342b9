"""What the commands that install and remove share: options, the plan, the question, the report."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from genzoo.cli.output import output
from genzoo.cli.terminal_text import on_one_line

if TYPE_CHECKING:
    from genzoo.plugins.installing.installer import Installer
    from genzoo.plugins.installing.outcome import Outcome
    from genzoo.plugins.installing.ownership import Wish
    from genzoo.plugins.installing.plan import Change
    from genzoo.plugins.installing.request import Sources

F = TypeVar("F", bound=Callable[..., Any])


def change_options(function: F) -> F:
    """`-y/--yes` and `--dry-run`."""
    for decorate in (
        click.option("--dry-run", is_flag=True, help="Show the plan and stop."),
        click.option("-y", "--yes", is_flag=True, help="Do not ask."),
    ):
        function = decorate(function)
    return function


def source_options(function: F) -> F:
    """Where packages come from: `--index-url`, `--no-index`, `--find-links`, and how they build."""
    for decorate in (
        click.option(
            "--no-build-isolation",
            "build_isolation",
            is_flag=True,
            flag_value=False,
            default=True,
            help="Build with the packages that are installed.",
        ),
        click.option(
            "--find-links",
            multiple=True,
            metavar="FOLDER|URL",
            help="Where else packages are; may be given more than once.",
        ),
        click.option("--no-index", is_flag=True, help="Look in --find-links only."),
        click.option("--index-url", default="", metavar="URL", help="The package index to use."),
    ):
        function = decorate(function)
    return function


def sources(
    index_url: str, no_index: bool, find_links: tuple[str, ...], build_isolation: bool
) -> Sources:
    """What `source_options` say."""
    from genzoo.plugins.installing.request import Sources

    return Sources(index_url, no_index, find_links, build_isolation)


def ready_installer(wish: Wish) -> Installer:
    """The installer of this environment, once it is clear that it may be used.

    Raises:
        InstallError: Another tool owns the environment, or there is no installer.
    """
    from genzoo.plugins.installing.installer import find_installer
    from genzoo.plugins.installing.ownership import Home, check_changeable

    home, out = Home.current(), output()
    check_changeable(home, wish)
    if home.is_conda:
        out.note("This is a conda environment: conda does not keep track of what pip installs.")
    return find_installer(
        lambda line: click.echo(on_one_line(line), err=True) if out.debug else None
    )


def approved(
    plan: Sequence[Change],
    *,
    yes: bool,
    dry_run: bool,
    nothing: str,
    details: Mapping[str, str],
    warnings: Sequence[str],
) -> bool:
    """Show the plan and ask whether to go on, if there is a terminal to ask on.

    Args:
        plan: What would change.
        yes: Go on without asking.
        dry_run: Stop after the plan, which is the command's result then.
        nothing: What to say where the plan is empty.
        details: A word about a distribution, by its name.
        warnings: What may not work afterwards.
    """
    lines = [on_one_line(line) for line in ("Plan:", *_lines(plan, details), *warnings)]
    text = "\n".join(lines)
    if dry_run or not plan:
        facts = {**report(plan, done=False), "warnings": warnings}
        output().result(facts, text if plan else nothing)
        return False
    if not yes and _can_ask():
        click.echo(text, err=True)
        click.confirm("Go on?", default=True, abort=True, err=True)
    else:
        for line in lines:
            output().note(line)
    return True


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _lines(plan: Sequence[Change], details: Mapping[str, str]) -> list[str]:
    lines = []
    for change in plan:
        source, detail = change.source.partition("#")[0], details.get(change.name, "")
        words = [change.name, change.versions]
        words += [f"from {source}" if source else "", f"({detail})" if detail else ""]
        lines.append(f"  {change.action:<10} {' '.join(word for word in words if word)}")
    return lines


def plugin_details(plan: Sequence[Change]) -> dict[str, str]:
    """Marks the changes to plugins that are installed already and stay."""
    from genzoo.plugins.installing.inventory import plugin_distributions

    plugins = plugin_distributions()
    changed = [change.name for change in plan if change.action != "remove"]
    return {name: "an installed plugin" for name in changed if name in plugins}


def plan_warnings(plan: Sequence[Change]) -> list[str]:
    """What is installed and does not fit what the plan brings."""
    from genzoo.plugins.installing.inventory import installed_requirements, unmet

    brought = {change.name: change.version for change in plan if change.action != "remove"}
    return unmet(brought, installed_requirements())


def report(plan: Sequence[Change], *, done: bool, outcome: Outcome | None = None) -> dict[str, Any]:
    """The command's result as data."""
    facts = dataclasses.asdict(outcome) if outcome else {}
    return {"plan": [dataclasses.asdict(change) for change in plan], "done": done, **facts}


def tell_outcome(plan: Sequence[Change], outcome: Outcome) -> None:
    """Say what is new and what does not work; the command exits with 1 if something does not."""
    from genzoo.plugins.installing.inventory import installed_versions
    from genzoo.plugins.installing.plan import settled

    out, plan = output(), settled(plan, installed_versions())
    news = [on_one_line(line) for line in _news(plan, outcome)]
    out.result(report(plan, done=True, outcome=outcome), "\n".join(news))
    for name in outcome.no_plugins:
        out.note(
            f"{name} is installed and declares no genzoo plugin. "
            f"To remove it: {sys.executable} -m pip uninstall {name}"
        )
    for name in outcome.left_out:
        out.note(f"The environment variable GENZOO_PLUGINS leaves {name} out: add it there.")
    for problem in outcome.problems:
        name = f"{problem.distribution} {problem.version}"
        out.error(f"{name} is installed but does not load: {problem.reason}.", problem.remedy)
    if outcome.problems:
        click.get_current_context().exit(1)


def _news(plan: Sequence[Change], outcome: Outcome) -> list[str]:
    broken = {problem.distribution for problem in outcome.problems}
    lines = []
    for change in plan:
        name = f"{change.name} {change.version}".strip()
        if change.action == "remove":
            lines.append(f"{name}: removed")
        elif change.name in broken:
            lines.append(f"{name}: installed, does not load")
        elif change.name in outcome.new:
            news = ", ".join(outcome.new[change.name])
            lines.append(f"{name}: new {news}" if news else f"{name}: registers nothing new")
        else:
            lines.append(f"{name}: installed")
    return lines
