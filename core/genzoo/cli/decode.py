"""`genzoo decode`: latents to samples."""

from __future__ import annotations

from pathlib import Path

import click

from genzoo.cli.loaded_plugins import opened_model
from genzoo.cli.options import (
    HomePath,
    compute_options,
    label_option,
    model_argument,
    out_option,
    output_options,
)
from genzoo.cli.output_paths import sample_destination
from genzoo.cli.sampling_options import SamplingCommand, given_sampling_options
from genzoo.media.save_samples import check_path, save_samples


@click.command(cls=SamplingCommand)
@model_argument
@click.argument("latents", type=HomePath(path_type=Path))
@out_option(
    "Images: a .png, .jpg or .webp (one grid); any kind: an .npz, or a folder. "
    "Default: MODEL-decoded.png; of text, standard output."
)
@label_option
@compute_options
@output_options
def command(
    model: str,
    latents: Path,
    out: Path | None,
    labels: tuple[str, ...],
    device: str,
    precision: str,
    batch_size: int,
) -> None:
    """Turn the LATENTS in a .safetensors or .npz file into samples, with MODEL.

    Such files come from genzoo encode: the array `latents`, and `labels` if there are classes.
    """
    from genzoo.app.open_model import computing
    from genzoo.cli.latent_files import read_latents
    from genzoo.model.labels import class_indices
    from genzoo.model.latent_contract import adapted
    from genzoo.model.reshape import reshape_for_latents
    from genzoo.model.styles import holds_styles, synthesise
    from genzoo.training.hardware import choose_device

    opened, options = opened_model(model), given_sampling_options()
    kind = opened.kind
    destination = sample_destination(out, kind, model, "-decoded", (latents,))
    check_path(kind, destination.named)
    destination.check()
    z, stored, contract = read_latents(latents)
    loaded = opened.load(choose_device(device))
    if contract is not None:
        z = adapted(z, contract, loaded)
    styles = holds_styles(loaded, z)
    loaded = loaded if styles else reshape_for_latents(loaded, tuple(z.shape[1:]))
    spec = loaded.sample_spec
    given = class_indices(labels, spec, len(z))
    with computing(loaded, precision):
        known = given if given is not None else stored
        samples = (
            synthesise(loaded, z)
            if styles
            else loaded.decode(z, known, batch_size=batch_size, **options)
        )
    with destination.open() as place:
        save_samples(samples, kind, spec, place)
    destination.tell({"model": model, "count": len(samples)})
