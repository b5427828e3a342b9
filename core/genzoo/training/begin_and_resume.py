"""Begins a run, or goes on with one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from genzoo.data.change_detection import watch_data
from genzoo.data.data_argument import DataLike
from genzoo.data.dataset import Dataset
from genzoo.data.find_source import lasting_data
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.errors import CheckpointError, UnknownNameError, UsageError
from genzoo.records import ArchitectureSpec
from genzoo.registry import Registry
from genzoo.specs import parse_config
from genzoo.system.atomic_files import require_writable, sweep
from genzoo.system.torch_globals import plain_modes
from genzoo.training.checkpoint import Checkpoint, list_checkpoints, read_newest, share_checkpoint
from genzoo.training.choose_trackers import choose_trackers
from genzoo.training.components import Session, open_session, restore_session
from genzoo.training.evaluate_while_training import check_evaluations
from genzoo.training.hardware import choose_device, tune_allocators
from genzoo.training.inherit_weights import begin_with
from genzoo.training.metrics_log import MetricsLog
from genzoo.training.planned_run import PlannedRun
from genzoo.training.reporter import Reporter
from genzoo.training.run_data import data_gone, load_data
from genzoo.training.run_folder import (
    DataRecord,
    RunFolder,
    RunRecord,
    check_known_data,
    check_resumable,
    only_trainer,
)
from genzoo.training.training_config import RunPlan, TrainingConfig
from genzoo.training.training_loop import Trainer, TrainingResult
from genzoo.version import __version__

CHANGEABLE = (
    "steps",
    "log_every",
    "snapshot_every",
    "checkpoint_every",
    "keep_checkpoints",
    "evaluate_every",
    "evaluate_count",
    "evaluate_metrics",
    "evaluate_features",
    "keep_best",
    "tracker",
    "shard",
)
"""Options that a resumed run may change without becoming another run."""


def train_run(
    plan: RunPlan,
    out: Path,
    registry: Registry,
    reporter: Reporter | None = None,
    processes: ProcessGroup = SINGLE_PROCESS,
    data: DataLike | None = None,
) -> TrainingResult:
    """`begin_run` of a plan whose names are to be looked up.

    Args:
        plan: What to do.
        out: The run's folder: new, or empty.
        registry: Where names are looked up.
        reporter: Hears of progress.
        processes: The processes that train together, all with the same plan; rank 0 writes.
        data: What to learn from; by default what the plan names. Arrays cannot be named.

    Raises:
        GenzooError: Names, options or data that do not fit; nothing is written then.
    """
    return begin_run(PlannedRun.begun(plan, registry, data), out, reporter, processes)


@plain_modes()
def begin_run(
    planned: PlannedRun,
    out: Path,
    reporter: Reporter | None = None,
    processes: ProcessGroup = SINGLE_PROCESS,
) -> TrainingResult:
    """Train from the beginning.

    Args:
        planned: What to do.
        out: The run's folder: new, or empty.
        reporter: Hears of progress.
        processes: The processes that train together, all with the same plan; rank 0 writes.

    Raises:
        GenzooError: Options or data that do not fit; nothing is written then.
    """
    reporter = reporter or Reporter()
    tune_allocators()
    folder, training = RunFolder(out), planned.plan.training
    if processes.is_main:
        folder.check_free()
    trackers = choose_trackers(training.tracker, planned.registry)
    choose_device(processes.device(training.device))
    dataset = load_data(planned, reporter, processes=processes)
    weights = planned.starting.read(planned.registry) if planned.starting else None
    if weights is not None:
        planned = planned.beginning_with(weights.record)
    session = open_session(planned, dataset, processes)
    if weights is not None:
        begin_with(session, weights, reporter.note)
        del weights
    check_evaluations(session)
    if processes.is_main:
        folder.create()
    with _alone(folder, reporter, processes):
        if processes.is_main:
            folder.check_free()
            folder.write_record(_record(planned.plan, dataset))
        reporter.note(f"Training on {session.device} in {session.precision}.")
        watch = watch_data(planned.data, dataset.content, planned.registry)
        return Trainer(session, folder, reporter, trackers, watch).run()


def _alone(
    folder: RunFolder, reporter: Reporter, processes: ProcessGroup
) -> AbstractContextManager[None]:
    """Within it nobody else trains in the folder."""
    return only_trainer(folder.path, reporter.note) if processes.is_main else nullcontext()


@plain_modes()
def resume_run(
    out: Path,
    registry: Registry,
    reporter: Reporter | None = None,
    changes: Mapping[str, Any] | None = None,
    processes: ProcessGroup = SINGLE_PROCESS,
    data: DataLike | None = None,
    architecture: str | None = None,
) -> TrainingResult:
    """Go on from the newest whole checkpoint, bit for bit on the same machine.

    A run that was stopped before its first checkpoint begins anew.

    Args:
        out: The run's folder.
        registry: Where names are looked up.
        reporter: Hears of progress.
        changes: New values for the options in `CHANGEABLE`.
        processes: The processes that go on together, as many as you like; rank 0 has the folder.
        data: Where the data lie now; by default where they lay.
        architecture: What the run trains, to be compared where it is given.

    Raises:
        UsageError: This is not a run, or one of another architecture, or an option that cannot be
            changed.
        CheckpointError: No usable checkpoint.
        DataError: The data is no longer what the run began with.
        StorageError: The folder cannot be written to.
    """
    reporter = reporter or Reporter()
    tune_allocators()
    folder = RunFolder(out)
    record = _read_record(folder, processes)
    check_resumable(record, out)
    if processes.is_main:
        require_writable(out)
        folder.check_plain()
    with _alone(folder, reporter, processes):
        _check_architecture(record, architecture, registry, out)
        plan = _changed(record.plan, changes or {})
        if data is not None:
            moved = plan.data.model_copy(update={"data": lasting_data(data, registry)})
            plan = plan.model_copy(update={"data": moved})
        planned = PlannedRun.of(plan, registry, data)
        trackers = choose_trackers(plan.training.tracker, registry)
        checkpoint = _read_checkpoint(folder, reporter, processes)
        if checkpoint is None and plan.origin is not None:
            raise CheckpointError(
                f"{out} was stopped before it had saved the weights that it begins with.",
                f"Start it anew in another folder, with --from {plan.origin.name}.",
            )
        classes = record.data.sample.classes or None
        try:
            dataset = load_data(planned, reporter, classes, processes)
        except UnknownNameError as error:
            raise error if data is not None else data_gone(record, out) from error
        check_known_data(record, dataset.fingerprint, out)
        session = open_session(planned, dataset, processes)
        check_evaluations(session)
        _restore(session, checkpoint, folder, reporter)
        step = session.position.step
        if processes.is_main:
            sweep(folder.path)
            MetricsLog(folder.metrics_file).rewind(step)
            folder.write_record(record.model_copy(update={"plan": plan}))
        reporter.note(f"Going on from step {step}.")
        watch = watch_data(planned.data, dataset.content, registry)
        return Trainer(session, folder, reporter, trackers, watch).run()


def _record(plan: RunPlan, dataset: Dataset) -> RunRecord:
    data = DataRecord(
        name=dataset.name,
        fingerprint=dataset.fingerprint,
        count=len(dataset),
        sample=dataset.spec,
    )
    return RunRecord(genzoo_version=__version__, plan=plan, data=data)


def _read_record(folder: RunFolder, processes: ProcessGroup) -> RunRecord:
    content = folder.read_record().model_dump(mode="json") if processes.is_main else None
    return RunRecord.model_validate(processes.share(content))


def _restore(
    session: Session, checkpoint: Checkpoint | None, folder: RunFolder, reporter: Reporter
) -> None:
    """Put the checkpoint's state into the session, or an older one's where it does not fit."""
    while checkpoint is not None:
        try:
            restore_session(session, checkpoint)
            break
        except CheckpointError as error:
            reporter.note(error.message)
            try:
                older = _read_checkpoint(folder, reporter, session.processes, checkpoint.step)
            except CheckpointError:
                raise error from None
            checkpoint = older


def _read_checkpoint(
    folder: RunFolder, reporter: Reporter, processes: ProcessGroup, before: int | None = None
) -> Checkpoint | None:
    """The newest whole checkpoint; None where the run was stopped before its first one."""
    found = None
    # An artifact is published after each checkpoint: with one, checkpoints were lost.
    begun = list_checkpoints(folder.checkpoints) or folder.artifact.exists()
    if processes.is_main and begun:
        found, problems = read_newest(folder.checkpoints, before)
        for problem in problems:
            reporter.note(problem)
    return share_checkpoint(processes, found)


def _check_architecture(record: RunRecord, name: str | None, registry: Registry, run: Path) -> None:
    own = record.plan.architecture
    if name is not None and registry[ArchitectureSpec].find(name).full_name != own:
        raise UsageError(
            f"{run} trains {own.rpartition('/')[2]}, not {name}.",
            "A run goes on with what it began with: start a new one for another architecture.",
        )


def _changed(plan: RunPlan, changes: Mapping[str, Any]) -> RunPlan:
    fixed = [name for name in changes if name not in CHANGEABLE]
    if fixed:
        raise UsageError(
            f"A resumed run cannot change {', '.join(fixed)}.",
            f"It can change {', '.join(CHANGEABLE)}.",
        )
    values = {**plan.training.model_dump(), **changes}
    training = parse_config(TrainingConfig, values, "training")
    return plan.model_copy(update={"training": training})
