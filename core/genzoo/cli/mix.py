"""`genzoo mix`: samples with the coarse styles of some latents and the fine ones of others."""

from __future__ import annotations

from pathlib import Path

import click

from genzoo.cli.loaded_plugins import opened_model
from genzoo.cli.options import compute_options, model_argument, out_option, output_options
from genzoo.cli.output_paths import Destination, default_path
from genzoo.media.save_samples import check_path, save_samples


@click.command()
@model_argument
@click.option(
    "--coarse",
    type=click.IntRange(min=0),
    multiple=True,
    default=(0, 1, 2),
    show_default=True,
    help="Seeds of the rows: their styles go to the layers before --split.",
)
@click.option(
    "--fine",
    type=click.IntRange(min=0),
    multiple=True,
    default=(10, 11, 12, 13),
    show_default=True,
    help="Seeds of the columns: their styles go to the other layers.",
)
@click.option(
    "--split",
    type=click.IntRange(min=0),
    help="The first layer with the styles of --fine. Default: the middle.",
)
@click.option("--label", metavar="NAME|INDEX", help="Class of all samples. Default: the first.")
@out_option("As of genzoo sample. Default: MODEL-mixed.png.")
@compute_options
@output_options
def command(
    model: str,
    coarse: tuple[int, ...],
    fine: tuple[int, ...],
    split: int | None,
    label: str | None,
    out: Path | None,
    device: str,
    precision: str,
    batch_size: int,
) -> None:
    """Mix styles of MODEL: each row has its coarse layers, and each column its fine ones."""
    import torch

    from genzoo.app.open_model import computing
    from genzoo.model.labels import class_index
    from genzoo.model.styles import mix_styles, style_generator
    from genzoo.training.hardware import choose_device

    opened = opened_model(model)
    kind = opened.kind
    path = out or default_path(model, f"-mixed{kind.endings[0]}")
    destination = Destination(path, kind.endings[0])
    check_path(kind, destination.named)
    destination.check()
    loaded = opened.load(choose_device(device))
    layers = style_generator(loaded).style_count
    rows, columns = (
        torch.cat([loaded.draw_latents(1, seed=seed) for seed in seeds]) for seeds in (coarse, fine)
    )
    first = rows.repeat_interleave(len(columns), 0)
    second = columns.repeat(len(rows), *[1] * (columns.ndim - 1))
    classes, labels = loaded.sample_spec.classes, None
    if classes:
        number = 0 if label is None else class_index(label, classes)
        labels = torch.full((len(first),), number, device=loaded.device)
    with computing(loaded, precision):
        samples = mix_styles(loaded, first, second, layers // 2 if split is None else split, labels)
    with destination.open() as place:
        save_samples(samples, kind, loaded.sample_spec, place, len(columns))
    destination.tell({"model": model, "count": len(samples)})
