"""`genzoo lock`: pin the models that a project uses."""

from __future__ import annotations

from pathlib import Path

import click

from genzoo.cli.completion import complete_model
from genzoo.cli.loaded_plugins import plugin_registry
from genzoo.cli.options import HomePath, output_options
from genzoo.cli.printing import output
from genzoo.cli.progress_bars import transfers
from genzoo.cli.pull import LOCK_FILE


@click.command()
@click.argument(
    "models", nargs=-1, required=True, metavar="MODEL...", shell_complete=complete_model
)
@click.option(
    "--lock-file",
    type=HomePath(path_type=Path),
    default=LOCK_FILE,
    show_default=True,
    help="Where to write; models that it has already stay in it.",
)
@output_options
def command(models: tuple[str, ...], lock_file: Path) -> None:
    """Pin each MODEL of the Hub to its commit and hashes, as it is on this machine now.

    What is not there is pulled. To have the same elsewhere: genzoo pull --locked
    """
    from genzoo.app.publish import hub_reference
    from genzoo.artifact.describe import weight_names
    from genzoo.hub.lock_file import Lock, lock_models, read_lock, write_lock

    registry = plugin_registry()
    references = [hub_reference(name, registry) for name in models]
    before = read_lock(lock_file) if lock_file.exists() else Lock()
    with transfers() as progress:
        lock = lock_models(before, references, progress, weight_names(registry))
    write_lock(lock_file, lock)
    facts = {name: model.commit for name, model in lock.models.items()}
    output().result({"path": str(lock_file), "models": facts}, str(lock_file))
    output().note("Have the same elsewhere with: genzoo pull --locked")
