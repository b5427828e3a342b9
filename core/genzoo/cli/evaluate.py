"""`genzoo evaluate`: metrics of a model, with the protocol that they stand for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo.cli.completion import complete_data, complete_model
from genzoo.cli.options import (
    batch_size_option,
    count_option,
    device_option,
    out_option,
    output_options,
    seed_option,
)
from genzoo.cli.output import Output, output
from genzoo.cli.plugged import plugged_registry
from genzoo.errors import UsageError

if TYPE_CHECKING:
    from genzoo.evaluation.record import EvaluationRecord
    from genzoo.evaluation.reproduce import Replication
    from genzoo.evaluation.run import Plan
    from genzoo.evaluation.subject import Settings, Subject

COLUMNS = {"name": "metric", "value": "value", "interval": "95 % interval", "better": "better"}


@click.command()
@click.argument("model", required=False, shell_complete=complete_model)
@click.argument("data", required=False, shell_complete=complete_data)
@click.option(
    "--metrics",
    multiple=True,
    metavar="NAME[,NAME]",
    help="What to measure. Default: everything that applies.",
)
@click.option(
    "--features",
    metavar="NAME",
    help="Feature space. Default: efficientnet-lite0 where it is installed, else pixels.",
)
@click.option(
    "--features-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Weights for a feature space that does not bring them; needed once.",
)
@count_option(10_000, "How many samples.")
@seed_option
@click.option("--prior", help="Draw latents from this prior of the model (see genzoo info MODEL).")
@click.option(
    "--truncation",
    type=click.FloatRange(0.0, 1.0, min_open=True),
    default=1.0,
    show_default=True,
    help="Shrinks latents.",
)
@click.option(
    "--label-prior",
    type=click.Choice(["uniform", "data"]),
    default="uniform",
    show_default=True,
    help="Classes of samples: all in turn, or as often as in the data.",
)
@click.option("--held-out", metavar="DATA", help="Data that the model was not trained on.")
@out_option("Write the record here, as JSON.")
@click.option(
    "--pictures",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write a page of samples, each before the training images nearest to it.",
)
@click.option(
    "--reproduce",
    metavar="RECORD",
    help="Run a record's protocol again: a .json, a model's card, folder or name.",
)
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
    features_file: Path | None,
    count: int,
    seed: int,
    prior: str | None,
    truncation: float,
    label_prior: str,
    held_out: str | None,
    out: Path | None,
    pictures: Path | None,
    reproduce: str | None,
    device: str,
    batch_size: int,
) -> None:
    """Measure MODEL against DATA: a folder, an .npz file, or a registered name."""
    if reproduce is not None:
        _refuse_settings(ctx)
        _reproduce(ctx, reproduce, model, data, held_out, features_file, out, device, batch_size)
        return
    if model is None or data is None:
        raise UsageError(
            "Both a model and data are needed.", "Type genzoo evaluate MODEL DATA, or --reproduce."
        )
    from genzoo.evaluation.run import Plan
    from genzoo.evaluation.subject import Settings

    if pictures is not None:
        from genzoo.media.image import check_path

        check_path(pictures)
    names = tuple(name for given in metrics for name in given.split(",") if name)
    record, subject = _measure(
        model,
        data,
        held_out,
        Settings(count, seed, prior, truncation, label_prior, batch_size),
        Plan(names, features, features_file),
        device,
    )
    if pictures is not None:
        from genzoo.evaluation.pictures import save_pictures

        output().note(f"Pictures: {save_pictures(subject, pictures)}")
    _keep(record, out)
    show(record, output())


def _measure(
    model: str, data: str, held_out: str | None, settings: Settings, plan: Plan, device: str
) -> tuple[EvaluationRecord, Subject]:
    from genzoo.api import load
    from genzoo.cli.stages import stages
    from genzoo.evaluation.data import open_beside
    from genzoo.evaluation.run import evaluate_model
    from genzoo.training.hardware import choose_device

    registry = plugged_registry()
    loaded = load(model, device=str(choose_device(device)), registry=registry)
    spec, out = loaded.sample_spec, output()
    with stages(out) as stage:

        def decoding(done: int, total: int) -> None:
            stage("Reading images", done, total)

        opened = open_beside(data, spec, registry, decoding=decoding)
        unseen = held_out and open_beside(
            held_out, spec, registry, labelled=False, decoding=decoding
        )
        for note in opened.notes:
            out.note(note)
        return evaluate_model(
            loaded,
            model,
            opened,
            settings,
            plan,
            registry,
            held_out=unseen or None,
            progress=stage,
        )


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
        f"prior {record.model.prior}) and {protocol.data.used} images of {protocol.data.name}, "
        f"in the features {protocol.features.name}."
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
        output().note(f"Record: {path}")


def _refuse_settings(ctx: click.Context) -> None:
    """Raise UsageError if an option contradicts that the record says everything."""
    fixed = (
        *("metrics", "features", "count", "seed", "prior", "truncation", "label_prior"),
        "pictures",
    )
    given = [
        name
        for name in fixed
        if ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UsageError(f"With --reproduce the record says what to measure: leave out {names}.")


def _reproduce(
    ctx: click.Context,
    source: str,
    model: str | None,
    data: str | None,
    held_out: str | None,
    features_file: Path | None,
    out: Path | None,
    device: str,
    batch_size: int,
) -> None:
    from genzoo.evaluation.reproduce import plan_of, replicate, settings_of

    recorded, beside = _find_record(source)
    protocol = recorded.protocol
    held_out = held_out or (protocol.held_out.name if protocol.held_out else None)
    record, _ = _measure(
        model or beside or recorded.model.name,
        data or protocol.data.name,
        held_out,
        settings_of(recorded, batch_size),
        replace(plan_of(recorded), features_file=features_file),
        device,
    )
    _keep(record, out)
    found = replicate(recorded, record)
    _show_replications(found, output())
    if not all(one.holds for one in found):
        output().error("Some numbers do not hold.", "See which versions made the record.")
        ctx.exit(1)


def _find_record(source: str) -> tuple[EvaluationRecord, str | None]:
    """The record, and the model that it lies beside.

    `MODEL/FILE.json` is a file beside a model, whatever the model is called.
    """
    from genzoo.artifact.format import CONFIG
    from genzoo.evaluation.record import EvaluationRecord
    from genzoo.zoo import resolve

    path = Path(source).expanduser()
    if path.is_file():
        beside = str(path.resolve().parent) if (path.parent / CONFIG).is_file() else None
        return EvaluationRecord.read(path), beside
    model, _, file = source.rpartition("/") if source.endswith(".json") else (source, "", "")
    if not model:
        return EvaluationRecord.read(path), None
    return EvaluationRecord.read(resolve(model, plugged_registry()).folder / file), model


def _show_replications(found: list[Replication], out: Output) -> None:
    columns = {"verdict": "", "name": "metric", "recorded": "recorded", "now": "now"}
    out.table(columns, [_replication_row(one, out.json) for one in found])


def _replication_row(one: Replication, as_data: bool) -> dict[str, Any]:
    recorded = one.recorded
    if as_data:
        return {**recorded.model_dump(mode="json"), "now": one.value, "holds": one.holds}
    now = None if one.value is None else recorded.model_copy(update={"value": one.value})
    return {
        "verdict": "holds" if one.holds else "FAILED",
        "name": recorded.name,
        "recorded": f"{recorded.text} ({recorded.interval})",
        "now": "not measured" if now is None else now.text,
    }
