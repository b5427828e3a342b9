"""`genzoo evaluate`: metrics of a model, with the protocol that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genzoo.cli.completion import (
    complete_data,
    complete_features,
    complete_metric,
    complete_models_then_data,
)
from genzoo.cli.image_size import max_pixels_option
from genzoo.cli.loaded_plugins import opened_model, plugin_registry
from genzoo.cli.options import (
    HomePath,
    batch_size_option,
    count_option,
    device_option,
    out_option,
    output_options,
    seed_option,
)
from genzoo.cli.output_paths import refuse_loss, remember
from genzoo.cli.printing import output
from genzoo.cli.sampling_options import SamplingCommand, given_sampling_options
from genzoo.cli.show_evaluation import show, show_replication
from genzoo.cli.torchrun import torchrun_processes
from genzoo.errors import UsageError
from genzoo.media.save_samples import check_path

if TYPE_CHECKING:
    from genzoo.app.evaluate import Request
    from genzoo.evaluation.evaluation_record import EvaluationRecord

FIXED = (
    *("metrics", "features", "count", "seed", "prior", "truncation", "label_prior"),
    "pictures",
)
"""Options that a record leaves no room for."""


@click.command(cls=SamplingCommand)
@click.argument(
    "given", nargs=-1, metavar="MODEL... DATA", shell_complete=complete_models_then_data
)
@click.option(
    "--metrics",
    multiple=True,
    metavar="NAME[,NAME]",
    shell_complete=complete_metric,
    help="What to measure. Default: everything that applies.",
)
@click.option(
    "--features",
    multiple=True,
    metavar="NAME[,NAME]",
    shell_complete=complete_features,
    help="Feature spaces. Default: the preferred installed one of the kind.",
)
@click.option(
    "--features-file",
    type=HomePath(),
    metavar="FILE",
    help="Weights for a feature space that does not bring them, needed once: a file, or "
    "hf://OWNER/NAME/FILE on the Hub. Of several spaces for the first one.",
)
@click.option(
    "--attributes",
    type=HomePath(path_type=Path),
    metavar="FILE",
    help="Labels of the data beside its classes: an .npz file, an array for each attribute.",
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
    given: tuple[str, ...],
    metrics: tuple[str, ...],
    features: tuple[str, ...],
    features_file: str | None,
    attributes: Path | None,
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

    Several MODELs are several trainings of one: the record has the mean of each number, with an
    interval over them, and those of each.

    Started by torchrun, the processes compute features together; the numbers are those of one.
    """
    for path in (out, pictures):
        if path is not None:
            refuse_loss(path, (*given, held_out, reproduce, features_file, attributes))
    weights = None if features_file is None else _at_hand(features_file)
    if reproduce is not None:
        found = _reproduce(ctx, reproduce, weights)
        if found is None:
            ctx.exit(0)
        record, holds = found
        _keep(record, out)
        ctx.exit(0 if holds else 1)
    if len(given) < 2:
        raise UsageError(
            "Both a model and data are needed.", "Type genzoo evaluate MODEL DATA, or --reproduce."
        )
    *models, data = given
    if pictures is not None and len(models) > 1:
        raise UsageError("--pictures shows one model.", "Leave it out, or name one model.")
    from genzoo.app.evaluate import Request
    from genzoo.evaluation.evaluate import Plan
    from genzoo.evaluation.settings import Settings

    settings = Settings(
        count, seed, prior, truncation, label_prior, batch_size, given_sampling_options()
    )
    plan = Plan(_names(metrics), _names(features), weights, attributes)
    request = Request(data, settings, plan, held_out, stream, max_pixels)
    measured = _measure_all(models, request, device, pictures)
    if measured is not None:
        _keep(measured, out)
        if pictures is not None:
            remember(pictures)
        show(measured, output())


def _names(given: Sequence[str]) -> tuple[str, ...]:
    """What an option names, with commas or repeated."""
    return tuple(name for text in given for name in text.split(",") if name)


def _at_hand(file: str) -> Path:
    from genzoo.cli.progress_bars import transfers
    from genzoo.hub.single_file import here

    with transfers() as progress:
        return here(file, progress)


def _measure_all(
    models: Sequence[str], request: Request, device: str, pictures: Path | None
) -> EvaluationRecord | None:
    """Measure one model, or several and their spread."""
    from genzoo.evaluation.several_runs import check_same_architecture, record_of_runs

    check_same_architecture({name: opened_model(name).config.architecture for name in models})
    records = [_measure(model, request, device, pictures) for model in models]
    if len(records) == 1:
        return records[0]
    found = [record for record in records if record is not None]
    return record_of_runs(found) if found else None


def _measure(
    model: str, request: Request, device: str, pictures: Path | None = None
) -> EvaluationRecord | None:
    """Measure, with a bar for each stage; several processes share the work.

    Returns:
        The record, in the process that leads; None in the others.
    """
    from genzoo.cli.progress_bars import stages
    from genzoo.training.hardware import choose_device

    with torchrun_processes() as processes:
        opened = opened_model(model)
        if pictures is not None:
            check_path(opened.kind, pictures)
        loaded = opened.load(choose_device(processes.device(device)))
        with stages() as stage:
            evaluation = request.open(
                loaded,
                opened.registry,
                progress=stage,
                note=output().note,
                processes=processes,
            )
            if not processes.is_main:
                evaluation.subject.assist()
                return None
            record = evaluation.measure(model)
            if pictures is not None:
                from genzoo.evaluation.nearest_images_page import save_pictures

                output().note(f"Pictures: {save_pictures(evaluation.subject, pictures)}")
            evaluation.subject.dismiss()
            return record


def _reproduce(
    ctx: click.Context, source: str, weights: Path | None
) -> tuple[EvaluationRecord, bool] | None:
    """Run the record that `source` means again and say which numbers hold.

    Returns:
        The record of the second run, and whether every number holds; None in a process that does
        not lead.
    """
    from genzoo.app.evaluate import find_record, reproduction
    from genzoo.evaluation.reproduce import replicate

    _refuse_settings(ctx)
    recorded, beside = find_record(source, plugin_registry())
    given = ctx.params
    subjects: tuple[str, ...] = given["given"]
    if len(subjects) > 2:
        raise UsageError("A record is of one model.", "Type --reproduce RECORD [MODEL [DATA]].")
    model, data, *_ = (*subjects, None, None)
    now = ("held_out", "attributes", "batch_size", "stream", "max_pixels")
    request = reproduction(
        recorded, data, features_file=weights, **{name: given[name] for name in now}
    )
    record = _measure(model or beside or recorded.model.name, request, given["device"])
    if record is None:
        return None
    found = replicate(recorded, record)
    out = output()
    show_replication(found, out)
    if not all(one.holds for one in found):
        out.error("Some numbers do not hold.", "See which versions made the record.")
    return record, all(one.holds for one in found)


def _refuse_settings(ctx: click.Context) -> None:
    """Raise UsageError if an option contradicts that the record says everything."""
    typed = click.core.ParameterSource.COMMANDLINE
    given = [name for name in FIXED if ctx.get_parameter_source(name) == typed]
    given += given_sampling_options()
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UsageError(f"With --reproduce the record says what to measure: leave out {names}.")


def _keep(record: EvaluationRecord, path: Path | None) -> None:
    if path is not None:
        record.save(path)
        remember(path)
        output().note(f"Record: {path}")
