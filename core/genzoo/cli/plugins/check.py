"""`genzoo plugins check`: does a plugin keep its side of the contract?"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from genzoo.cli.options import output_options
from genzoo.cli.printing import output
from genzoo.cli.terminal_text import on_one_line

if TYPE_CHECKING:
    from genzoo_testing import Result

COLUMNS = {"verdict": "", "subject": "what", "check": "check", "detail": "found"}


@click.command("check")
@click.argument("package")
@output_options
@click.pass_context
def command(ctx: click.Context, package: str) -> None:
    """Run the plugin contract on all that PACKAGE registers. Exits with 1 if something fails.

    PACKAGE is an installed distribution such as genzoo-flow, the folder of a project, or a module.
    """
    from genzoo.plugins import manager
    from genzoo_testing import check_plugin

    out = output()
    out.note(f"Checking {package}: small networks, on the processor.")
    results = check_plugin(package, manager.default_manager())
    failures = [result for result in results if not result.ok]
    if out.json:
        facts = [dataclasses.asdict(result) for result in results]
        out.result({"package": package, "ok": not failures, "results": facts}, "")
    else:
        out.table(COLUMNS, [_row(result) for result in results])
        for failure in failures:
            click.echo("\n".join(_explanation(failure)))
    if failures:
        out.error(
            f"{package} breaks the plugin contract in {len(failures)} of {len(results)} checks.",
            "Each is explained in docs/plugin-contract.md.",
        )
        ctx.exit(1)
    out.note(f"All {len(results)} checks hold.")


def _row(result: Result) -> dict[str, str]:
    return {**dataclasses.asdict(result), "verdict": "ok" if result.ok else "FAILED"}


def _explanation(result: Result) -> list[str]:
    lines = (
        f"{result.subject}: {result.check}",
        f"  found           {result.detail}",
        f"  why it matters  {result.why}",
        f"  where to look   {result.where}",
    )
    return ["", *map(on_one_line, lines)]
