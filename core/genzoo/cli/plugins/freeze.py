"""`genzoo plugins freeze`: the installed plugins as a file, to bring them back elsewhere."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from genzoo.cli.options import out_option, output_options
from genzoo.cli.output import output
from genzoo.cli.outputs import refuse_loss, remember


@click.command("freeze")
@out_option("The file to write; default: print it.")
@output_options
def command(out: Path | None) -> None:
    """Write down every installed plugin with its version and where it came from.

    The result is a requirements file. To install it elsewhere: genzoo plugins sync FILE
    """
    from genzoo.atomic_files import atomic_write
    from genzoo.plugins.installing.lockfile import freeze, only_here, render

    if out is not None:
        refuse_loss(out)
    plugins = freeze()
    if out is not None:
        with atomic_write(out) as path:
            path.write_text(render(plugins), encoding="utf-8")
        remember(out)
    facts = {**dataclasses.asdict(plugins), "path": None if out is None else str(out)}
    output().result(facts, str(out) if out else render(plugins).rstrip("\n"))
    for name in only_here(plugins):
        output().note(f"{name} comes from a place on this machine, which others do not have.")
