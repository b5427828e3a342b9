"""`genzoo evaluate`: metrics of a model, with the protocol that they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from genzoo.cli.completion import complete_data, complete_features, complete_metric, complete_model
from genzoo.cli.computing import kind_of
from genzoo.cli.image_size import max_pixels_option
from genzoo.cli.options import (
    HomePath,
    batch_size_option,
    count_option,
    device_option,
    out_option,
    output_options,
    seed_option,
)
from genzoo.cli.output import Output, output
from genzoo.cli.outputs import refuse_loss, remember
from genzoo.cli.plugin_registry import plugin_registry
from genzoo.errors import UsageError

if TYPE_CHECKING:
    from genzoo.evaluation.record import EvaluationRecord

COLUMNS = {"name": "metric", "value": "value", "interval": "95 % interval", "better": "better"}


@click.command()
@click.argument("model", required=False, shell_complete=complete_model)
@click.argument("data", required=False, shell_complete=complete_data)
@click.option(
    "--metrics",
    multiple=True,
    metavar="NAME[,NAME]",
    shell_complete=complete_metric,
    help="What to measure. Default: everything that applies.",
)
@click.option(
    "--features",
    metavar="NAME",
    shell_complete=complete_features,
    help="Feature space. Default: the best installed one of the kind; of images "
    "efficientnet-lite0, else pixels.",
)
@click.option(
    "--features-file",
    type=HomePath(),
    metavar="FILE",
    help="Weights for a feature space that does not bring them, needed once: a file, or "
    "hf://OWNER/NAME/FILE on the Hub.",
)
@count_option(10_000, "How many samples.")
@seed_option
@click.option("--prior", help="Draw latents from this prior of the model (see genzoo info MODEL).")
@click.option(
    "--truncation",
    type=click.FloatRange(0.0, 1.0, min_open=True),
    default=1.0,
    show_default=True,
    help="Shrinks latents towards the prior's centre.",
)
@click.option(
    "--label-prior",
    type=click.Choice(["uniform", "data"]),
    default="uniform",
    show_default=True,
    help="Classes of samples: all in turn, or as often as in the data.",
)
@click.option(
    "--held-out",
    metavar="DATA",
    shell_complete=complete_data,
    help="Data that the model was not trained on.",
)
@out_option("Write the record here, as JSON.")
@click.option(
    "--pictures",
    type=HomePath(path_type=Path),
    metavar="PATH",
    help="Write samples, each before the training data nearest to it.",
)
@click.option(
    "--reproduce",
    metavar="RECORD",
    help="Run a record's protocol again: a .json, a model's card, folder or name.",
)
@click.option(
    "--stream", is_flag=True, help="Decode the data as they are used, without a copy on the disk."
)
@max_pixels_option
@device_option
@batch_size_option
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    model: str | None,
    data: str | None,
    metrics: tuple[str, ...],
    features: str | None,
    features_file: str | None,
    count: int,
    seed: int,
    prior: str | None,
    truncation: float,
    label_prior: str,
    held_out: str | None,
    out: Path | None,
    pictures: Path | None,
    reproduce: str | None,
    stream: bool,
    max_pixels: int | None,
    device: str,
    batch_size: int,
) -> None:
    """Measure MODEL against DATA: a folder, tar shards, an .npz file, or a registered name.

    Started by torchrun, the processes compute features together; the numbers are those of one.
    """
    for path in (out, pictures):
        if path is not None:
            refuse_loss(path, (model, data, held_out, reproduce, features_file))
    weights = None if features_file is None else _at_hand(features_file)
    if reproduce is not None:
        from genzoo.cli import replications

        found = replications.reproduce(
            ctx, reproduce, model, data, held_out, weights, device, batch_size, stream
        )
        if found is None:
            ctx.exit(0)
        record, holds = found
        _keep(record, out)
        ctx.exit(0 if holds else 1)
    if model is None or data is None:
        raise UsageError(
            "Both a model and data are needed.", "Type genzoo evaluate MODEL DATA, or --reproduce."
        )
    from genzoo.cli.judging import Request
    from genzoo.evaluation.evaluate import Plan
    from genzoo.evaluation.subject import Settings

    if pictures is not None:
        kind_of(model, plugin_registry()).check_path(pictures)
    names = tuple(name for given in metrics for name in given.split(",") if name)
    settings = Settings(count, seed, prior, truncation, label_prior, batch_size)
    plan = Plan(names, features, weights)
    request = Request(model, data, held_out, settings, plan, device, pictures, stream, max_pixels)
    measured = request.run()
    if measured is not None:
        _keep(measured, out)
        if pictures is not None:
            remember(pictures)
        show(measured, output())


def _at_hand(file: str) -> Path:
    from genzoo.cli.hub_progress import hub_progress
    from genzoo.hub.single_file import here

    with hub_progress() as progress:
        return here(file, progress)


def show(record: EvaluationRecord, out: Output) -> None:
    """Print the record: as a table with the protocol above it, or as JSON."""
    warnings = dict.fromkeys(text for value in record.values for text in value.warnings)
    for text in warnings:
        out.note(f"Warning: {text}")
    if out.json:
        out.result(record.model_dump(mode="json"), "")
        return
    protocol = record.protocol
    out.note(
        f"{protocol.samples.count} samples of {record.model.name} (seed {protocol.samples.seed}, "
        f"prior {record.model.prior}) and {protocol.data.used} {protocol.data.array} "
        f"of {protocol.data.name}, in the features {protocol.features.name}."
    )
    rows = [
        {
            "name": value.name,
            "value": value.text,
            "interval": value.interval,
            "better": "" if value.better == "neither" else value.better,
        }
        for value in record.values
    ]
    if rows:
        out.table(COLUMNS, rows)


def _keep(record: EvaluationRecord, path: Path | None) -> None:
    if path is not None:
        record.save(path)
        remember(path)
        output().note(f"Record: {path}")
