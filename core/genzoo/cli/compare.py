"""`genzoo compare`: records of evaluations side by side."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genzoo.cli.options import HomePath, output_options
from genzoo.cli.printing import output

if TYPE_CHECKING:
    from genzoo.evaluation.compare import Row
    from genzoo.evaluation.evaluation_record import EvaluationRecord


@click.command()
@click.argument(
    "records", nargs=-1, required=True, metavar="RECORD...", type=HomePath(path_type=Path)
)
@output_options
def command(records: tuple[Path, ...]) -> None:
    """Compare evaluations of one protocol: .json files, or folders of models that hold one.

    A star marks the best of a row and what is not significantly worse (5 %, with Bonferroni's
    correction for the number of pairs).
    """
    from genzoo.evaluation.compare import compare_records
    from genzoo.evaluation.evaluation_record import EvaluationRecord

    read = [EvaluationRecord.read(path) for path in records]
    rows = compare_records(read)
    names = _names(read)
    if output().json:
        output().table({}, [_facts(row, names) for row in rows])
        return
    columns = {"metric": "metric", **{name: name for name in names}}
    output().table(columns, [_cells(row, names) for row in rows])


def _names(records: list[EvaluationRecord]) -> list[str]:
    """What to call each: the model's name, its prior, and a number where these are not enough."""
    names = [
        record.model.name
        if record.model.prior == "default"
        else f"{record.model.name} ({record.model.prior})"
        for record in records
    ]
    return [
        f"{name} #{index}" if names.count(name) > 1 else name
        for index, name in enumerate(names, start=1)
    ]


def _cells(row: Row, names: list[str]) -> dict[str, Any]:
    cells: dict[str, Any] = {"metric": row.value}
    for index, (name, value) in enumerate(zip(names, row.values, strict=True)):
        star = " *" if index in row.best else ""
        cells[name] = f"{value.text} ({value.interval}){star}"
    return cells


def _facts(row: Row, names: list[str]) -> dict[str, Any]:
    return {
        "name": row.value,
        "unit": row.unit,
        "models": names,
        "values": [value.model_dump(mode="json") for value in row.values],
        "best": list(row.best),
        "differences": [asdict(difference) for difference in row.differences],
    }
