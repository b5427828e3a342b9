"""`genzoo push`: a model from this machine to the Hub."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from genzoo.cli.loaded_plugins import plugin_registry
from genzoo.cli.options import HomePath, model_argument, output_options
from genzoo.cli.printing import output
from genzoo.cli.progress_bars import transfers


@click.command()
@model_argument
@click.argument("name", metavar="OWNER/NAME")
@click.option("--private", is_flag=True, help="A new repository is seen by its owner alone.")
@click.option("--licence", metavar="SPDX", default="", help="Of the weights, such as cc-by-4.0.")
@click.option(
    "--record",
    "records",
    type=HomePath(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="An evaluation of the model, for its card (genzoo evaluate -o FILE). Those that lie "
    "beside the model as evaluation*.json are taken by themselves.",
)
@output_options
def command(model: str, name: str, private: bool, licence: str, records: tuple[Path, ...]) -> None:
    """Publish MODEL, such as a run, on the Hugging Face Hub as OWNER/NAME.

    A repository is made where there is none. NAME@BRANCH pushes to another branch than main.
    """
    from genzoo.app.publish import push
    from genzoo.hub.reference import parse_repository

    reference = str(parse_repository(name))
    registry = plugin_registry()
    with transfers() as progress:
        pushed = push(
            model,
            reference,
            private=private,
            licence=licence,
            records=records,
            progress=progress,
            registry=registry,
        )
    out = output()
    out.result({"model": reference, **dataclasses.asdict(pushed)}, pushed.address)
    out.note(f"Others get it with: genzoo sample {reference}")
