"""Prints records of evaluations, and what became of numbers that were measured again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from genzoo.cli.printing import Output

if TYPE_CHECKING:
    from genzoo.evaluation.evaluation_record import EvaluationRecord, Value
    from genzoo.evaluation.reproduce import Replication

COLUMNS = {"name": "metric", "value": "value", "interval": "95 % interval", "better": "better"}
RUNS = {"runs": "of each"}
REPLICATION_COLUMNS = {"verdict": "", "name": "metric", "recorded": "recorded", "now": "now"}


def show(record: EvaluationRecord, out: Output) -> None:
    """Print the record: as a table with the protocol above it, or as JSON."""
    warnings = dict.fromkeys(text for value in record.values for text in value.warnings)
    for text in warnings:
        out.note(f"Warning: {text}")
    if out.json:
        out.result(record.model_dump(mode="json"), "")
        return
    protocol = record.protocol
    spaces = [space.name for space in (protocol.features, *protocol.more_features)]
    out.note(
        f"{protocol.samples.count} samples of {record.model.name} (seed {protocol.samples.seed}, "
        f"prior {record.model.prior}) and {protocol.data.used} {protocol.data.array} "
        f"of {protocol.data.name}, in the features {' and '.join(spaces)}."
    )
    rows = [_row(value, record) for value in record.values]
    if rows:
        out.table({**COLUMNS, **(RUNS if record.runs else {})}, rows)


def _row(value: Value, record: EvaluationRecord) -> dict[str, str]:
    same = [run.find(value) for run in record.runs]
    return {
        "name": value.name,
        "value": value.text,
        "interval": value.interval,
        "better": "" if value.better == "neither" else value.better,
        "runs": ", ".join(one.text for one in same if one is not None),
    }


def show_replication(found: Sequence[Replication], out: Output) -> None:
    """Print the numbers of a record beside those of a second run, and whether they hold."""
    out.table(REPLICATION_COLUMNS, [_replication_row(one, out.json) for one in found])


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
