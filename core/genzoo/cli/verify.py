"""`genzoo verify`: is a model whole, and does it compute here what it computed at home?"""

from __future__ import annotations

import dataclasses

import click

from genzoo.cli.options import model_argument, output_options
from genzoo.cli.output import output
from genzoo.cli.plugged import plugged_registry


@click.command()
@model_argument
@output_options
def command(model: str) -> None:
    """Check the files of MODEL and replay the samples stored with it."""
    from genzoo.artifact.verify import verify
    from genzoo.zoo import resolve

    registry = plugged_registry()
    verification = verify(resolve(model, registry).folder, registry)
    output().result(
        {"model": model, **dataclasses.asdict(verification)}, f"{model} is whole and computes right."
    )
