"""`genzoo evaluate --reproduce`: a record's protocol once more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo.cli.judging import Request
from genzoo.cli.output import output
from genzoo.cli.plugin_registry import plugin_registry
from genzoo.errors import UsageError

if TYPE_CHECKING:
    from genzoo.evaluation.record import EvaluationRecord
    from genzoo.evaluation.reproduce import Replication

FIXED = (
    *("metrics", "features", "count", "seed", "prior", "truncation", "label_prior"),
    "pictures",
)
"""Options of `genzoo evaluate` that a record leaves no room for."""

COLUMNS = {"verdict": "", "name": "metric", "recorded": "recorded", "now": "now"}


def reproduce(
    ctx: click.Context,
    source: str,
    model: str | None,
    data: str | None,
    held_out: str | None,
    features_file: Path | None,
    device: str,
    batch_size: int,
    stream: bool,
) -> tuple[EvaluationRecord, bool] | None:
    """Run the record that `source` means again and say which numbers hold.

    Args:
        ctx: Of the command.
        source: A file, a model's card, folder or name, or `MODEL/FILE.json`.
        model: Where the model is now; by default beside the record, or as it was called.
        data: Where the data is now; by default as it was called.
        held_out: Where the held-out data is now.
        features_file: Weights of the feature extractor, if it does not bring them.
        device: Where to compute.
        batch_size: How many to compute at once.
        stream: Whether the data were streamed, and are now.

    Returns:
        The record of the second run, and whether every number holds; None in a process that does
        not lead.
    """
    from genzoo.evaluation.reproduce import check_protocol, plan_of, replicate, settings_of

    _refuse_settings(ctx)
    recorded, beside = find_record(source)
    check_protocol(recorded)
    protocol = recorded.protocol
    request = Request(
        model or beside or recorded.model.name,
        data or protocol.data.name,
        held_out or (protocol.held_out.name if protocol.held_out else None),
        settings_of(recorded, batch_size),
        replace(plan_of(recorded), features_file=features_file),
        device,
        stream=stream,
        max_pixels=ctx.params["max_pixels"],
    )
    record = request.run(recorded)
    if record is None:
        return None
    found = replicate(recorded, record)
    out = output()
    out.table(COLUMNS, [_row(one, out.json) for one in found])
    if not all(one.holds for one in found):
        out.error("Some numbers do not hold.", "See which versions made the record.")
    return record, all(one.holds for one in found)


def find_record(source: str) -> tuple[EvaluationRecord, str | None]:
    """The record that `source` means, and the model that it lies beside.

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
    return EvaluationRecord.read(resolve(model, plugin_registry()).folder / file), model


def _refuse_settings(ctx: click.Context) -> None:
    """Raise UsageError if an option contradicts that the record says everything."""
    typed = click.core.ParameterSource.COMMANDLINE
    given = [name for name in FIXED if ctx.get_parameter_source(name) == typed]
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UsageError(f"With --reproduce the record says what to measure: leave out {names}.")


def _row(one: Replication, as_data: bool) -> dict[str, Any]:
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
