"""`genzoo encode`: samples to latents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
from genzoo.cli.printing import output

if TYPE_CHECKING:
    from torch import Tensor

    from genzoo.model.model import Model


@click.command()
@model_argument
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=HomePath())
@count_option(None, "How many at most. Default: all files, or 32 of a data set.")
@out_option("A .safetensors or .npz file. Default: latents.safetensors.")
@label_option
@size_option
@max_pixels_option
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    default=300,
    show_default=True,
    help="Of the optimisation, for a generator that has no encoder.",
)
@click.option(
    "--features",
    "looked_through",
    metavar="NAME",
    help="Feature space that the optimisation looks through beside pixels, or none. Default: the "
    "preferred one, where its package is installed.",
)
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
    steps: int,
    looked_through: str | None,
    device: str,
    precision: str,
    batch_size: int,
) -> None:
    """Turn samples into latents of MODEL, the modes of their posteriors.

    Latents of a generator without an encoder are found by optimisation; of one with styles, those.

    FILE is a file such as an image; or one folder, .npz file or data set. A model of text takes
    a text itself too.
    """
    from genzoo.app.open_model import computing
    from genzoo.app.read_and_save_samples import read_inputs
    from genzoo.cli.latent_files import check_latent_path, write_latents
    from genzoo.media.image_kind import with_max_pixels
    from genzoo.model.latent_contract import contract_of
    from genzoo.training.hardware import choose_device

    path = out or Path("latents.safetensors")
    destination = Destination(path, ".safetensors", files)
    check_latent_path(destination.named)
    destination.check()
    opened = opened_model(model)
    loaded = opened.load(choose_device(device))
    kind = with_max_pixels(opened.kind, max_pixels)
    loaded = with_size(loaded, files, kind, size)
    given = read_inputs(files, kind, loaded.sample_spec, opened.registry, count, labels)
    facts: dict[str, object] = {}
    if loaded.can_encode:
        with computing(loaded, precision):
            latents = loaded.encode(given.x, given.labels, batch_size=batch_size)
    else:
        latents, decibels = _inverted(loaded, given.x, given.labels, steps, looked_through)
        facts["psnr_db"] = [round(value, 2) for value in decibels]
        mean = sum(decibels) / len(decibels)
        output().note(f"Peak signal-to-noise ratio {mean:.1f} dB, at least {min(decibels):.1f} dB.")
    with destination.open() as place:
        write_latents(place, latents, given.labels, contract_of(loaded))
    destination.tell({"model": model, "shape": tuple(latents.shape), **facts})


def _inverted(
    model: Model, x: Tensor, labels: list[int] | None, steps: int, features: str | None
) -> tuple[Tensor, list[float]]:
    """Latents by optimisation, and the peak signal-to-noise ratio of each in dB."""
    from genzoo.cli.progress_bars import stages
    from genzoo.errors import GenzooError
    from genzoo.model.inversion import invert
    from genzoo.model.open_feature_network import feature_network

    network = None
    if features != "none":
        try:
            network = feature_network(features, model.sample_spec.kind).to(model.device)
        except GenzooError as error:
            if features is not None:
                raise
            output().note(f"Compared by pixels alone: {error.message}")
    if network is not None and model.sample_spec.shape[0] not in (1, 3):
        network = None
    with stages() as progress:
        found = invert(model, x, labels, steps=steps, features=network, progress=progress)
    return found.latents, found.psnr.tolist()
