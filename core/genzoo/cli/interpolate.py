"""`genzoo interpolate`: a walk through latent space."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from genzoo.cli.loaded_plugins import opened_model
from genzoo.cli.options import HomePath, compute_options, model_argument, out_option, output_options
from genzoo.cli.output_paths import Destination, default_path
from genzoo.errors import CapabilityError, UsageError
from genzoo.media.save_samples import check_path, save_samples
from genzoo.model.labels import class_index

if TYPE_CHECKING:
    from torch import Tensor

    from genzoo.interfaces.kind import Kind
    from genzoo.model.model import Model

COLUMNS = 16


@click.command()
@model_argument
@click.option(
    "--seed",
    "seeds",
    type=click.IntRange(min=0),
    multiple=True,
    help="Give it twice: seeds of the two ends. Default: 0 and 1.",
)
@click.option(
    "--from",
    "start",
    type=HomePath(),
    metavar="FILE",
    help="Begin at this sample, if MODEL encodes.",
)
@click.option(
    "--to", "end", type=HomePath(), metavar="FILE", help="End at this sample, if MODEL encodes."
)
@click.option("--label", metavar="NAME|INDEX", help="Class of all samples. Default: the first.")
@click.option(
    "--steps",
    type=click.IntRange(min=2),
    default=8,
    show_default=True,
    help="How many samples, both ends included.",
)
@out_option(
    "Images: a .png, .jpg or .webp; any kind: an .npz, or a folder. "
    "Default: MODEL-interpolated.png."
)
@compute_options
@output_options
def command(
    model: str,
    seeds: tuple[int, ...],
    start: str | None,
    end: str | None,
    label: str | None,
    steps: int,
    out: Path | None,
    device: str,
    precision: str,
    batch_size: int,
) -> None:
    """Walk from one latent of MODEL to another, along the great circle between them."""
    from genzoo.app.open_model import computing
    from genzoo.training.hardware import choose_device

    opened = opened_model(model)
    kind = opened.kind
    path = out or default_path(model, f"-interpolated{kind.endings[0]}")
    destination = Destination(path, kind.endings[0], (start, end))
    check_path(kind, destination.named)
    destination.check()
    needed = [start, end].count(None)
    if len(seeds) not in (0, needed):
        raise UsageError(
            f"{len(seeds)} seeds and {2 - needed} files do not make two ends.",
            "Give --seed twice, --from and --to, or one of each.",
        )
    remaining = iter(seeds or range(needed))
    loaded = opened.load(choose_device(device))
    classes = _labels(loaded, label)
    with computing(loaded, precision):
        first, last = (
            _drawn(loaded, next(remaining))
            if file is None
            else _encoded(loaded, kind, file, classes)
            for file in (start, end)
        )
        repeated = classes and classes * steps
        samples = loaded.interpolate(first, last, steps, repeated, batch_size=batch_size)
    with destination.open() as place:
        save_samples(samples, kind, loaded.sample_spec, place, min(steps, COLUMNS))
    destination.tell({"model": model, "steps": steps})


def _labels(model: Model, label: str | None) -> list[int] | None:
    classes = model.sample_spec.classes
    if not classes:
        if label is not None:
            raise CapabilityError("The model was trained without classes.", "Leave --label out.")
        return None
    return [0 if label is None else class_index(label, classes)]


def _drawn(model: Model, seed: int) -> Tensor:
    return model.draw_latents(1, seed=seed)[0]


def _encoded(model: Model, kind: Kind, file: str, classes: list[int] | None) -> Tensor:
    from genzoo.data.read_files import read_files

    return model.encode(read_files([file], kind, model.sample_spec)[:1], classes)[0]
