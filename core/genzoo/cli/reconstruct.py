"""`genzoo reconstruct`: how much of an image a model keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from genzoo.cli.computing import Computing, default_path, label_option, require_encoder
from genzoo.cli.options import (
    compute_options,
    count_option,
    model_argument,
    out_option,
    output_options,
)
from genzoo.cli.output import output
from genzoo.cli.plugged import plugged_registry

if TYPE_CHECKING:
    from torch import Tensor

COLUMNS = 8


@click.command()
@model_argument
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@count_option(None, "How many at most. Default: all files, or 32 of a data set.")
@out_option(
    "A .png, .jpg or .webp: each row of originals above its reconstructions; an .npz or a folder: "
    "reconstructions alone. Default: MODEL-reconstructed.png."
)
@label_option
@compute_options
@output_options
def command(
    model: str,
    images: tuple[str, ...],
    count: int | None,
    out: Path | None,
    labels: tuple[str, ...],
    device: str,
    precision: str,
    batch_size: int,
) -> None:
    """Encode images with MODEL and decode them again.

    IMAGE is an image file; or one folder, .npz file or data set.
    """
    from genzoo.cli.pictures import read_pictures
    from genzoo.media.image import FORMATS, check_path, save_images

    path = out or default_path(model, "-reconstructed.png")
    check_path(path)
    registry = plugged_registry()
    computing = Computing(device, precision, batch_size)
    loaded = computing.load(model, registry)
    require_encoder(loaded)
    spec = loaded.sample_spec
    pictures = read_pictures(images, spec, registry, count, labels)
    with computing.cast(loaded):
        made = loaded.reconstruct(pictures.x, pictures.labels, batch_size=batch_size).cpu().float()
    columns = min(COLUMNS, len(made))
    sheet = path.suffix.lower() in FORMATS and not path.is_dir()
    save_images(
        stacked(pictures.x, made, columns, spec.high) if sheet else made,
        spec,
        path,
        columns=columns,
    )
    error = float((pictures.x - made).square().mean())
    output().result(
        {"model": model, "count": len(made), "mean_squared_error": error, "path": str(path)},
        str(path),
    )


def stacked(originals: Tensor, made: Tensor, columns: int, blank: float) -> Tensor:
    """Rows of `columns` originals, each above its reconstructions; short rows end in `blank`."""
    import torch

    missing = -len(originals) % columns
    empty = torch.full((missing, *originals.shape[1:]), blank)
    shape = (-1, columns, *originals.shape[1:])
    upper, lower = (torch.cat([x, empty]).reshape(shape) for x in (originals, made))
    return torch.stack([upper, lower], dim=1).flatten(0, 2)
