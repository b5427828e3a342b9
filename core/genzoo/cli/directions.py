"""`genzoo directions`: in which directions a model's latents change what it makes."""

from __future__ import annotations

from pathlib import Path

import click

from genzoo.cli.loaded_plugins import opened_model
from genzoo.cli.options import (
    HomePath,
    count_option,
    device_option,
    model_argument,
    out_option,
    output_options,
    seed_option,
)
from genzoo.cli.output_paths import refuse_loss
from genzoo.cli.printing import output


@click.command()
@model_argument
@click.option(
    "--way",
    type=click.Choice(["components", "factorisation"]),
    default="components",
    show_default=True,
    help="Principal components, or the factorisation of the first layer.",
)
@click.option(
    "--between",
    type=HomePath(path_type=Path),
    nargs=2,
    metavar="FILE FILE",
    help="Instead, the way from the mean of some latents to that of others: genzoo encode.",
)
@count_option(16, "How many.")
@seed_option
@out_option("A .safetensors file. Default: beside the model, where genzoo edit looks.")
@device_option
@output_options
def command(
    model: str,
    way: str,
    between: tuple[Path, Path] | None,
    count: int,
    seed: int,
    out: Path | None,
    device: str,
) -> None:
    """Find directions in which the latents of MODEL, or its styles, change what it makes.

    They are numbered from 0, the most important one first, and kept for genzoo edit.
    """
    from genzoo.app.directions import directions_path, weights_hash, write_directions
    from genzoo.cli.latent_files import read_latents
    from genzoo.errors import UsageError
    from genzoo.model.directions import difference, find_directions
    from genzoo.training.hardware import choose_device

    if out is not None and out.suffix.lower() != ".safetensors":
        raise UsageError(f"Directions cannot be kept in '{out.name}'.", "Name a .safetensors file.")
    opened = opened_model(model)
    if out is not None:
        refuse_loss(out, between or ())
    path = out or directions_path(opened)
    if between:
        first, second = (read_latents(file)[0] for file in between)
        found = difference(first, second)
    else:
        found = find_directions(opened.load(choose_device(device)), way, count, seed=seed)  # type: ignore[arg-type]
    write_directions(path, found, weights_hash(opened))
    facts = {"model": model, "directions": len(found), "way": found.way, "file": str(path)}
    output().result(facts, str(path))
    output().note(f"Look at one: genzoo edit {model} --direction 0 --amount 2")
