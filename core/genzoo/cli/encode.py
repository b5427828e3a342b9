"""`genzoo encode`: samples to latents."""

from __future__ import annotations

from pathlib import Path

import click

from genzoo.cli.image_size import max_pixels_option, size_option, with_size
from genzoo.cli.loaded_plugins import opened_model
from genzoo.cli.options import (
    HomePath,
    compute_options,
    count_option,
    label_option,
    model_argument,
    out_option,
    output_options,
)
from genzoo.cli.output_paths import Destination


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

    FILE is a file such as an image; or one folder, .npz file or data set. A model of text takes
    a text itself too.
    """
    from genzoo.app.open_model import computing
    from genzoo.app.read_and_save_samples import read_inputs
    from genzoo.cli.latent_files import check_latent_path, write_latents
    from genzoo.media.image_kind import with_max_pixels
    from genzoo.model.encoding import require_encoder
    from genzoo.model.latent_contract import contract_of
    from genzoo.training.hardware import choose_device

    path = out or Path("latents.safetensors")
    destination = Destination(path, ".safetensors", files)
    check_latent_path(destination.named)
    destination.check()
    opened = opened_model(model)
    loaded = opened.load(choose_device(device))
    require_encoder(loaded.parts.values(), loaded.architecture_name)
    kind = with_max_pixels(opened.kind, max_pixels)
    loaded = with_size(loaded, files, kind, size)
    given = read_inputs(files, kind, loaded.sample_spec, opened.registry, count, labels)
    with computing(loaded, precision):
        latents = loaded.encode(given.x, given.labels, batch_size=batch_size)
    with destination.open() as place:
        write_latents(place, latents, given.labels, contract_of(loaded))
    destination.tell({"model": model, "shape": tuple(latents.shape)})
