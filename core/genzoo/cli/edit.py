"""`genzoo edit`: samples moved along directions of their latents."""

from __future__ import annotations

from pathlib import Path

import click

from genzoo.cli.loaded_plugins import opened_model
from genzoo.cli.options import (
    HomePath,
    compute_options,
    count_option,
    label_option,
    model_argument,
    out_option,
    output_options,
    seed_option,
)
from genzoo.cli.output_paths import Destination, default_path
from genzoo.errors import UsageError
from genzoo.media.save_samples import check_path, save_samples


@click.command()
@model_argument
@click.option(
    "--direction",
    "numbers",
    type=click.IntRange(min=0),
    multiple=True,
    help="Number of a direction; several are added. Default: 0.",
)
@click.option(
    "--amount",
    "amounts",
    type=float,
    multiple=True,
    help="How far, in deviations: one for all directions, or one for each. Without it, -3 to 3 "
    "side by side.",
)
@click.option(
    "--latents",
    type=HomePath(path_type=Path),
    metavar="FILE",
    help="Edit these, from genzoo encode. Default: drawn ones.",
)
@click.option(
    "--directions",
    "file",
    type=HomePath(path_type=Path),
    metavar="FILE",
    help="A file of genzoo directions. Default: that beside the model.",
)
@count_option(None, "How many to draw, or to take of --latents at most. Default: 4.")
@seed_option
@out_option("As of genzoo sample. Default: MODEL-edited.png.")
@label_option
@compute_options
@output_options
def command(
    model: str,
    numbers: tuple[int, ...],
    amounts: tuple[float, ...],
    latents: Path | None,
    file: Path | None,
    count: int | None,
    seed: int,
    out: Path | None,
    labels: tuple[str, ...],
    device: str,
    precision: str,
    batch_size: int,
) -> None:
    """Move samples of MODEL along the directions that genzoo directions found.

    A row is a sample, and a column an amount.
    """
    from genzoo.app.directions import directions_path, read_directions, weights_hash
    from genzoo.app.open_model import computing
    from genzoo.cli.latent_files import read_latents
    from genzoo.model.labels import class_indices, label_tensor
    from genzoo.model.styles import edit
    from genzoo.training.hardware import choose_device

    numbers = numbers or (0,)
    if len(amounts) not in (0, 1, len(numbers)):
        raise UsageError(
            f"{len(amounts)} amounts do not go with {len(numbers)} directions.",
            "Give one amount, or one for each direction.",
        )
    opened = opened_model(model)
    kind = opened.kind
    destination = Destination(
        out or default_path(model, f"-edited{kind.endings[0]}"), kind.endings[0], (latents, file)
    )
    check_path(kind, destination.named)
    destination.check()
    found = read_directions(file or directions_path(opened), weights_hash(opened))
    columns = (
        [dict(zip(numbers, amounts if len(amounts) > 1 else amounts * len(numbers), strict=True))]
        if amounts
        else [dict.fromkeys(numbers, float(amount)) for amount in range(-3, 4)]
    )
    loaded = opened.load(choose_device(device))
    if latents is None:
        z, stored = loaded.draw_latents(count or 4, seed=seed), None
    else:
        z, stored, _ = read_latents(latents)
        z = z[:count] if count else z
    given = class_indices(labels, loaded.sample_spec, len(z)) or (stored and stored[: len(z)])
    spec = loaded.sample_spec
    known = label_tensor(given, spec.classes, range(len(z)), loaded.device, model)
    own = None if known is None else known.tolist()
    with computing(loaded, precision):
        made = [edit(loaded, z, found, amount, own) for amount in columns]
    import torch

    samples = torch.stack(made, dim=1).flatten(0, 1)
    with destination.open() as place:
        save_samples(samples, kind, spec, place, len(columns) if len(columns) > 1 else None)
    destination.tell({"model": model, "count": len(samples)})
