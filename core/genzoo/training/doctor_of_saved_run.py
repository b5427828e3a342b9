"""Examines a run afterwards, from its folder: it may be finished, stopped or still going on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from genzoo.artifact.format import CONFIG, read_json
from genzoo.artifact.load import load_model
from genzoo.data.dataset import Dataset
from genzoo.doctor.doctor_record import DoctorRecord
from genzoo.doctor.evidence import Evidence, names_values, unit_rows
from genzoo.doctor.examine import CHECKS, examine
from genzoo.doctor.history import History
from genzoo.errors import ArtifactError, GenzooError
from genzoo.registry import Registry
from genzoo.system.torch_globals import plain_modes
from genzoo.training.built_task import Task
from genzoo.training.doctor_while_training import all_of, declared_signs, in_force, some_of
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import load_data
from genzoo.training.run_folder import RunFolder, RunRecord, check_resumable
from genzoo.training.through_autoencoder import find_named

COUNT = 256
"""Samples drawn, and taken of the data to compare them with."""

TRAINED_ONLY = frozenset(check.name for check in CHECKS if "moved" in check.needs)
"""Checks that can be made while training alone."""


@dataclass(frozen=True)
class Diagnosis:
    """What was found in a run.

    Attributes:
        record: All findings, those of the training included, brought up to date.
        unexamined: Why a check could not be made, by its name.
    """

    record: DoctorRecord
    unexamined: Mapping[str, str]

    @property
    def healthy(self) -> bool:
        """Whether there is no problem at present; warnings and notes do not count."""
        return not any(
            found.severity == "problem" and self.record.current(found)
            for found in self.record.findings
        )


@plain_modes()
def diagnose_run(
    path: Path, registry: Registry, reporter: Reporter | None = None, device: str = "cpu"
) -> Diagnosis:
    """Examine a run anew. Nothing in its folder changes.

    Args:
        path: The run's folder.
        registry: Where its architecture, objective and data are looked up.
        reporter: Hears of files decoded and of what there is to note.
        device: Where to draw samples.

    Raises:
        UsageError: This is not a run's folder.
        CheckpointError: Its record is damaged.
        PluginError, UnknownNameError: Its architecture or objective is not installed, or fails.
    """
    folder, reporter = RunFolder(path), reporter or Reporter()
    record = folder.read_record()
    known = DoctorRecord.read(folder.doctor_file)
    evidence = _gather(folder, record, known, registry, reporter, device)
    result = examine(evidence)
    unexamined = {
        name: reason for name, reason in result.unexamined.items() if name not in TRAINED_ONLY
    }
    unknown = {found.name for found in known.findings} - {check.name for check in CHECKS}
    step = max(known.step, evidence.history.last_step)
    updated = known.updated(step, result.findings, {*result.unexamined, *unknown})
    return Diagnosis(updated, unexamined)


def _gather(
    folder: RunFolder,
    record: RunRecord,
    known: DoctorRecord,
    registry: Registry,
    reporter: Reporter,
    device: str,
) -> Evidence:
    absent = {
        "moved": "Earlier weights are not kept.",
        "losses": "The run wrote no doctor.json.",
    }
    history = History.read(folder.metrics_file)
    planned = PlannedRun.of(record.plan, registry)
    samples = _try("samples", absent, lambda: _samples(folder, record, registry, device))
    dataset = _try("data", absent, lambda: _same_data(folder.path, record, planned, reporter))
    absent["real"] = absent.get("data", "")
    task = Task.build(planned, record.data.sample, record.data.count)
    objective, spec = task.objective, task.architecture.sample
    if dataset is not None and dataset.through is not None:
        spec = dataset.through.sample_spec
        dataset = dataset.content
    return Evidence(
        step=_step_of_artifact(folder) or history.last_step,
        history=history,
        signs=declared_signs(objective, reporter.note),
        losses=known.losses or None,
        samples=samples,
        real=some_of(dataset, COUNT, spec) if dataset else None,
        diversity_before=known.diversity_before(known.step),
        least_distance=known.least_distance(known.step),
        data=all_of(dataset, spec) if dataset else None,
        data_count=record.data.count,
        in_force=in_force(objective, record.plan.data.stream),
        named_values=names_values(spec),
        absent=absent,
    )


def _try(what: str, absent: dict[str, str], get: Callable[[], Any]) -> Any:
    """What `get` gives; None, with the reason in `absent`, where it fails."""
    try:
        return get()
    except GenzooError as error:
        absent[what] = error.message
        return None


def _samples(folder: RunFolder, record: RunRecord, registry: Registry, device: str) -> Tensor:
    if not folder.artifact.is_dir():
        raise GenzooError("The run has saved no model yet.")
    model = load_model(folder.artifact, registry, device=device, find_named=find_named)
    return unit_rows(model.sample(COUNT, seed=record.plan.training.seed), model.sample_spec)


def _step_of_artifact(folder: RunFolder) -> int:
    """Training steps that the saved model has had; 0 without one."""
    try:
        return int(read_json(folder.artifact / CONFIG)["training"]["steps"])
    except (ArtifactError, ValueError, KeyError, TypeError, OverflowError):
        return 0


def _same_data(run: Path, record: RunRecord, planned: PlannedRun, reporter: Reporter) -> Dataset:
    check_resumable(record, run)
    dataset = load_data(planned, reporter, record.data.sample.classes or None)
    if dataset.fingerprint != record.data.fingerprint:
        raise GenzooError("The data has changed since the run began.")
    return dataset
