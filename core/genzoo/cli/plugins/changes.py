"""What install, sync and uninstall share: plan, question, change, and a look at what came of it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from genzoo.cli.printing import output
from genzoo.errors import InstallError

if TYPE_CHECKING:
    from genzoo.plugins.package_tool import Change

F = TypeVar("F", bound=Callable[..., Any])
PATIENCE = 600
"""Seconds after which a new genzoo that is still loading its plugins is given up."""

_OWNERS = {
    "pipx_metadata.json": "pipx inject genzoo NAME, or pipx uninject genzoo NAME",
    "uv-receipt.toml": "uv tool install genzoo --with NAME, with every NAME that is to be there",
}
_SOURCES: dict[str, tuple[str, dict[str, Any]]] = {
    "no_build_isolation": ("Build with the packages that are installed.", {"is_flag": True}),
    "find_links": ("Where else packages are.", {"multiple": True, "metavar": "FOLDER|URL"}),
    "no_index": ("Look in --find-links only.", {"is_flag": True}),
    "index_url": ("The package index to use.", {"metavar": "URL"}),
}


def change_options(function: F) -> F:
    """`-y/--yes` and `--dry-run`."""
    function = click.option("--dry-run", is_flag=True, help="Show the plan and stop.")(function)
    return click.option("-y", "--yes", is_flag=True, help="Do not ask.")(function)


def source_options(function: F) -> F:
    """Options of pip and uv about where packages come from and how they are built."""
    for name, (text, settings) in _SOURCES.items():
        function = click.option(_option(name), help=text, **settings)(function)
    return function


def carry_out(
    words: Sequence[str],
    remove: Callable[[], list[str]] = list,
    *,
    keep: Mapping[str, str],
    yes: bool,
    dry_run: bool,
    upgrade: bool = False,
    **places: Any,
) -> None:
    """Show what changes, ask, change it, and load the plugins in a new process.

    Args:
        words: What to install.
        remove: Names of what to remove; asked again after the installation.
        keep: Versions that must not change.
        yes: Go on without asking.
        dry_run: Stop after the plan.
        upgrade: Take the newest versions of what is named.
        places: What `source_options` were given.
    """
    from genzoo.plugins.installed_packages import installed_versions
    from genzoo.plugins.package_tool import Change, PackageTool

    for file, command in _OWNERS.items():
        if (Path(sys.prefix) / file).is_file():
            raise InstallError("Another tool owns this environment.", f"Type: {command}")
    out, before = output(), installed_versions()
    tool = PackageTool(out.note, keep, _given(places), upgrade)
    plan = tool.plan(words) + [Change(name, "", before[name]) for name in remove()]
    text = ["Plan:", *(f"  {change.action:<10} {_title(change)}" for change in plan)]
    if dry_run or not (plan or (words and not tool.reports)):
        facts = {"plan": _facts(plan), "done": False}
        out.result(facts, "\n".join(text) if plan else "Nothing to do.")
        return
    asks = sys.stdin.isatty() and sys.stderr.isatty() and not yes
    for line in text:
        dataclasses.replace(out, quiet=out.quiet and not asks).note(line)
    if asks:
        click.confirm("Go on?", default=True, abort=True, err=True)
    known = _loaded_afresh()
    tool.install(words, plan)
    if gone := remove():
        tool.uninstall(gone)
    after = installed_versions()
    if stays := [name for name in gone if name in after]:
        raise InstallError(f"{' and '.join(stays)} is still there, outside of this environment.")
    tool.check()
    found = {change.name: change for change in plan if change.version}
    for name in sorted(name for name in after if after[name] != before.get(name)):
        found.setdefault(name, Change(name, after[name], before.get(name, ""), requested=False))
    _tell([*found.values(), *(Change(name, "", before[name]) for name in gone)], known)


def _tell(changes: Sequence[Change], before: Sequence[dict[str, Any]]) -> None:
    from genzoo.install_hints import install_command, uninstall_command
    from genzoo.plugins.installed_packages import plugin_distributions

    out, after, plugins = output(), _loaded_afresh(), plugin_distributions()
    known = {(row["distribution"], item) for row in before for item in row["registers"]}
    worked = {row["distribution"] for row in before if row["state"] == "loaded"}
    there = {change.name: change for change in changes if change.version}
    new: dict[str, list[str]] = {name: [] for name in there if name in plugins}
    if not (before or after):
        out.note("A plugin ends the process when it is loaded: leave it out with --no-plugin.")
    ends = {"state": "failed", "reason": "it ends the process when it is loaded", "registers": []}
    problems = []
    for row in after or [{**ends, "distribution": name} for name in new if before]:
        name, reason = row["distribution"], row["reason"].rstrip(".")
        new.get(name, []).extend(one for one in row["registers"] if (name, one) not in known)
        if row["state"] == "blocked" and name in there:
            out.note(f"{name} is left out: {reason}.")
        if row["state"] in ("failed", "incompatible") and name in {*there, *worked}:
            change = there.get(name)
            remedy = "The changes broke it. Type: genzoo plugins doctor"
            if change and change.action in ("upgrade", "downgrade"):
                remedy = f"Go back: {install_command(name, f'=={change.previous}')}"
            elif change:
                remedy = f"Remove it again: {uninstall_command(name)}"
            problems.append({"distribution": name, "reason": reason, "remedy": remedy})
    others = [one.name for one in there.values() if one.requested and one.name not in plugins]
    facts = {"plan": _facts(changes), "done": True, "new": new, "problems": problems}
    out.result({**facts, "no_plugins": others}, "\n".join(_news(one, new) for one in changes))
    for name in others:
        out.note(f"{name} declares no plugin of genzoo. To remove it: pip uninstall {name}")
    for one in problems:
        name, reason = one["distribution"], one["reason"]
        out.error(f"{name} is installed but does not load: {reason}.", one["remedy"])
    if problems:
        click.get_current_context().exit(1)


def _loaded_afresh() -> list[dict[str, Any]]:
    """What `genzoo plugins list` says in a new process; nothing where a plugin ends that."""
    # -P: what lies in the working directory is not installed.
    command = [sys.executable, "-P", "-m", "genzoo", "plugins", "list", "--json"]
    try:
        result = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
        found: list[dict[str, Any]] = json.loads(result.stdout)
    except (ValueError, subprocess.TimeoutExpired):
        return []
    return found


def _news(change: Change, new: Mapping[str, Sequence[str]]) -> str:
    brought = ", ".join(new.get(change.name, ()))
    done = f"new {brought}" if brought else "installed" if change.version else "removed"
    return f"{change.name} {change.version or change.previous}: {done}"


def _title(change: Change) -> str:
    versions = dict.fromkeys(filter(None, [change.previous, change.version]))
    source = change.source.partition("#")[0]
    return f"{change.name} {' -> '.join(versions)}{f' from {source}' if source else ''}"


def _facts(changes: Sequence[Change]) -> list[dict[str, Any]]:
    return [{"action": one.action, **dataclasses.asdict(one)} for one in changes]


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _given(places: Mapping[str, Any]) -> list[str]:
    words = []
    for name, value in places.items():
        for one in value if isinstance(value, tuple) else [value] if value else []:
            words.append(_option(name) if one is True else f"{_option(name)}={one}")
    return words
