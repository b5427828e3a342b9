"""`genzoo doctor`: what goes wrong in a training run, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from genzoo.cli.loaded_plugins import plugin_registry
from genzoo.cli.options import HomePath, device_option, output_options
from genzoo.cli.printing import Sheet, output
from genzoo.doctor.curves import drawn, evaluations
from genzoo.doctor.history import History

if TYPE_CHECKING:
    from genzoo.doctor.doctor_record import DoctorRecord, RecordedFinding
    from genzoo.training.doctor_of_saved_run import Diagnosis


@click.command()
@click.argument("run", type=HomePath(path_type=Path))
@device_option
@click.option("--strict", is_flag=True, help="Exit with 1 if there is a problem.")
@output_options
@click.pass_context
def command(ctx: click.Context, run: Path, device: str, strict: bool) -> None:
    """Examine the training run in the folder RUN: finished, stopped or still going on.

    It reads the log, draws samples from the saved model and compares them with the data. Each
    finding says what is wrong and what to do. Problems count for --strict while they last;
    warnings and notes do not.
    """
    from genzoo.cli.training_progress import progress_reporter
    from genzoo.training.doctor_of_saved_run import diagnose_run
    from genzoo.training.hardware import choose_device

    with progress_reporter(output()) as reporter:
        diagnosis = diagnose_run(run, plugin_registry(), reporter, str(choose_device(device)))
    _tell(run, diagnosis)
    ctx.exit(1 if strict and not diagnosis.healthy else 0)


def _tell(run: Path, diagnosis: Diagnosis) -> None:
    out, record = output(), diagnosis.record
    courses = evaluations(History.read(run / "metrics.jsonl"))
    if out.json:
        findings = [
            {**found.model_dump(mode="json"), "current": record.current(found)}
            for found in record.findings
        ]
        facts = {"run": str(run), "step": record.step, "healthy": diagnosis.healthy}
        found = {"findings": findings, "unexamined": diagnosis.unexamined, "evaluations": courses}
        out.result({**facts, **found}, "")
        return
    ordered = sorted(record.findings, key=lambda found: _rank(found, record))
    if ordered:
        out.sheets([_sheet(found, record) for found in ordered])
        click.echo()
    click.echo(_summary(record))
    for name, course in courses.items():
        click.echo(f"{name}: {drawn(course)}")
    for reason in dict.fromkeys(diagnosis.unexamined.values()):
        names = [name for name, why in diagnosis.unexamined.items() if why == reason]
        out.note(f"Not examined: {', '.join(names)}. {reason}")


def _rank(found: RecordedFinding, record: DoctorRecord) -> tuple[bool, int]:
    """What lasts before what is over, the worst first."""
    from genzoo.doctor.finding import SEVERITIES

    return not record.current(found), -SEVERITIES.index(found.severity)


def _sheet(found: RecordedFinding, record: DoctorRecord) -> Sheet:
    facts = {"found": found.message, "do": found.remedy, "seen": _steps(found, record)}
    return f"{found.severity.capitalize()}: {found.name}", facts


def _steps(found: RecordedFinding, record: DoctorRecord) -> str:
    first, last = found.first_step, found.last_step
    seen = f"at step {first:,}" if first == last else f"from step {first:,} to {last:,}"
    return seen if record.current(found) else f"{seen}, no longer at {record.step:,}"


def _summary(record: DoctorRecord) -> str:
    current = [found for found in record.findings if record.current(found)]
    steps = f"after {record.step:,} steps"
    if not current:
        return f"Nothing is wrong {steps}."
    problems = sum(found.severity == "problem" for found in current)
    others = len(current) - problems
    return f"{_count(problems, 'problem')} and {_count(others, 'lesser finding')} {steps}."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
