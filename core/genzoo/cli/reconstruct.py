"""`genzoo reconstruct`: how much of a sample a model keeps."""

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
from genzoo.cli.output_paths import sample_destination
from genzoo.cli.sampling_options import SamplingCommand, given_sampling_options
from genzoo.media.save_samples import check_path, save_samples

COLUMNS = 8


@click.command(cls=SamplingCommand)
@model_argument
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=HomePath())
@count_option(None, "How many at most. Default: all files, or 32 of a data set.")
@out_option(
    "Images: a .png, .jpg or .webp, each row of originals above its reconstructions; any kind: an "
    ".npz or a folder, "
    "reconstructions alone. Default: MODEL-reconstructed.png; of text, standard output."
)
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
    """Encode samples with MODEL and decode them again.

    FILE is a file such as an image; or one folder, .npz file or data set. A model of text takes
    a text itself too.
    """
    from genzoo.app.open_model import computing
    from genzoo.app.read_and_save_samples import read_inputs
    from genzoo.media.image_kind import with_max_pixels
    from genzoo.model.encoding import require_encoder
    from genzoo.training.hardware import choose_device

    opened, options = opened_model(model), given_sampling_options()
    kind = with_max_pixels(opened.kind, max_pixels)
    destination = sample_destination(out, kind, model, "-reconstructed", files)
    check_path(kind, destination.named)
    destination.check()
    loaded = opened.load(choose_device(device))
    require_encoder(loaded.parts.values(), loaded.architecture_name)
    loaded = with_size(loaded, files, kind, size)
    spec = loaded.sample_spec
    given = read_inputs(files, kind, spec, opened.registry, count, labels)
    with computing(loaded, precision):
        made = (
            loaded.reconstruct(given.x, given.labels, batch_size=batch_size, **options)
            .cpu()
            .float()
        )
    columns = min(COLUMNS, len(made))
    with destination.open() as place:
        shown = place.suffix.lower() in kind.endings and not place.is_dir()
        pairs = kind.paired(given.x, made, spec, columns) if shown else made
        save_samples(pairs, kind, spec, place, columns)
    error = float((given.x - made).square().mean())
    destination.tell({"model": model, "count": len(made), "mean_squared_error": error})
