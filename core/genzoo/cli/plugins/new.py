"""`genzoo plugins new`: the package of a new plugin."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from genzoo.cli.loaded_plugins import plugin_registry
from genzoo.cli.options import out_option, output_options
from genzoo.cli.printing import output


@click.command("new")
@click.argument("name")
@out_option("The package's folder: new, or empty. Default: genzoo-NAME.")
@click.option(
    "--architecture", metavar="NAME", help="Name of its architecture. Default: the plugin's."
)
@click.option(
    "--kind",
    type=click.Choice(("image", "audio", "text", "own")),
    default="image",
    show_default=True,
    help="What it models; all but images come with a kind of content of their own to change.",
)
@click.option("--author", default="", help='Who writes it: "Ada" or "Ada <ada@example.org>".')
@output_options
def command(name: str, out: Path | None, architecture: str | None, kind: str, author: str) -> None:
    """Write the package of a new plugin, NAME or genzoo-NAME.

    It is complete: it installs, trains a small architecture, has tests that pass, and a workflow
    that runs them. Begin with architecture.py and objective.py.
    """
    from genzoo.plugins.scaffold import CONTENTS, check_free, parse_name, write_plugin

    plugin = parse_name(name, architecture)
    if name != plugin.distribution:
        output().note(f"The package is named {plugin.distribution}: plugins begin with genzoo-.")
    check_free(plugin, plugin_registry())
    folder = out or Path(plugin.distribution)
    write_plugin(plugin, folder, author, CONTENTS[kind])
    following = [
        f"python -m pip install -e {shlex.quote(f'{folder}[dev]')}",
        f"genzoo train {plugin.architecture} {CONTENTS[kind].data} --steps 1000 "
        f"-o runs/{plugin.architecture}",
        f"genzoo plugins check {plugin.distribution}",
    ]
    for line in ("Go on with", *(f"    {line}" for line in following)):
        output().note(line)
    output().result(
        {
            "distribution": plugin.distribution,
            "package": plugin.package,
            "architecture": plugin.architecture,
            "folder": str(folder),
            "next": following,
        },
        str(folder),
    )
