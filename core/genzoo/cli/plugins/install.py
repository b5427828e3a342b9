"""`genzoo plugins install`: add plugins to the environment that genzoo runs in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genzoo.cli.options import HomePath, output_options
from genzoo.cli.plugins.changes import carry_out, change_options, source_options
from genzoo.errors import UsageError


@click.command("install")
@click.argument("packages", metavar="[NAME|PATH|GIT-URL]...", nargs=-1)
@click.option("-e", "--editable", type=HomePath(), multiple=True, help="A project, in place.")
@click.option("-U", "--upgrade", is_flag=True, help="Take the newest version of what is named.")
@change_options
@source_options
@output_options
def command(packages: tuple[str, ...], editable: tuple[str, ...], **settings: Any) -> None:
    """Install plugins with pip or uv: shows the plan, installs, and tells what is new.

    NAME may have a version and extras: 'genzoo-flow[audio]>=1'. torch, torchvision and genzoo stay
    as they are. Exits with 1 if a plugin does not load afterwards.
    """
    from genzoo.plugins.installed_packages import kept_versions

    words = [f"--editable={folder}" for folder in editable]
    for one in packages:
        place = str(Path(one).expanduser()) if one.startswith("~") else one
        words.append(f"git+{one}" if one.endswith(".git") and "://" in one else place)
    if not words:
        hint = "Name a package: genzoo plugins install genzoo-flow"
        raise UsageError("There is nothing to install.", hint)
    carry_out(words, keep=kept_versions(), **settings)
