"""`genzoo encode`: samples to latents."""

from __future__ import annotations

from pathlib import Path

import click

from genzoo.cli.computing import Computing, kind_of, label_option, require_encoder
from genzoo.cli.image_size import max_pixels_option, size_option, with_size
from genzoo.cli.options import (
    HomePath,
    compute_options,
    count_option,
    model_argument,
    out_option,
    output_options,
)
from genzoo.cli.outputs import Destination
from genzoo.cli.plugin_registry import plugin_registry


@click.command()
@model_argument
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=HomePath())
@count_option(None, "How many at most. Default: all files, or 32 of a data set.")
@out_option("A .safetensors or .npz file. Default: latents.safetensors.")
@label_option
@size_option
@max_pixels_option
@compute_options
@output_options
def command(
    model: str,
    files: tuple[str, ...],
    count: int | None,
    out: Path | None,
    labels: tuple[str, ...],
    size: int | None,
    max_pixels: int | None,
    device: str,
    precision: str,
    batch_size: int,
) -> None:
    """Turn samples into latents of MODEL, the modes of their posteriors.

    FILE is a file such as an image; or one folder, .npz file or data set.
    """
    from genzoo.cli.inputs import read_inputs
    from genzoo.cli.latent_files import check_latent_path, write_latents
    from genzoo.media.image_kind import with_max_pixels
    from genzoo.model.latent_contract import contract_of

    path = out or Path("latents.safetensors")
    destination = Destination(path, ".safetensors", files)
    check_latent_path(destination.named)
    destination.check()
    registry = plugin_registry()
    computing = Computing(device, precision, batch_size)
    loaded = computing.load(model, registry)
    require_encoder(loaded)
    kind = with_max_pixels(kind_of(model, registry), max_pixels)
    loaded = with_size(loaded, files, kind, size)
    given = read_inputs(files, kind, loaded.sample_spec, registry, count, labels)
    with computing.cast(loaded):
        latents = loaded.encode(given.x, given.labels, batch_size=batch_size)
    with destination.open() as place:
        write_latents(place, latents, given.labels, contract_of(loaded))
    destination.tell({"model": model, "shape": tuple(latents.shape)})
