"""`genzoo plugins freeze`: the installed plugins as a file, to bring them back elsewhere."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from genzoo.cli.options import out_option, output_options
from genzoo.cli.output_paths import refuse_loss, remember
from genzoo.cli.printing import output
from genzoo.version import __version__


@click.command("freeze")
@out_option("The file to write; default: print it.")
@output_options
def command(out: Path | None) -> None:
    """Write down every installed plugin with its version and where it came from.

    The result is a requirements file. To install it elsewhere: genzoo plugins sync FILE
    """
    from genzoo.plugins.frozen_plugins import freeze, render
    from genzoo.system.atomic_files import atomic_write

    if out is not None:
        refuse_loss(out)
    pins = freeze()
    if out is not None:
        with atomic_write(out) as path:
            path.write_text(render(pins), encoding="utf-8")
        remember(out)
    facts = {
        "pins": [dataclasses.asdict(pin) for pin in pins],
        "genzoo": __version__,
        "path": None if out is None else str(out),
    }
    output().result(facts, str(out) if out else render(pins).rstrip("\n"))
    for name in [pin.name for pin in pins if pin.url.startswith(("file:", "git+file:"))]:
        output().note(f"{name} comes from a place on this machine, which others do not have.")
