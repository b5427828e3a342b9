"""`genzoo push`: a model from this machine to the Hub."""

from __future__ import annotations

import dataclasses

import click

from genzoo.cli.hub_progress import at_hand, hub_progress
from genzoo.cli.options import model_argument, output_options
from genzoo.cli.output import output
from genzoo.cli.plugged import plugged_registry


@click.command()
@model_argument
@click.argument("name", metavar="OWNER/NAME")
@click.option("--private", is_flag=True, help="A new repository is seen by its owner alone.")
@click.option("--licence", metavar="SPDX", default="", help="Of the weights, such as cc-by-4.0.")
@output_options
def command(model: str, name: str, private: bool, licence: str) -> None:
    """Publish MODEL, such as a run, on the Hugging Face Hub as OWNER/NAME.

    A repository is made where there is none. NAME@BRANCH pushes to another branch than main.
    """
    from genzoo.hub.push import push
    from genzoo.hub.reference import parse_reference

    reference = parse_reference(name)
    folder = at_hand(model, plugged_registry())
    with hub_progress() as progress:
        pushed = push(folder, reference, private=private, licence=licence, progress=progress)
    out = output()
    out.result({"model": str(reference), **dataclasses.asdict(pushed)}, pushed.address)
    out.note(f"Others get it with: genzoo sample {reference}")
