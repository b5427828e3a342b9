"""The data of a run: opened, recorded, and said to be gone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from genzoo.data.data_argument import IN_MEMORY
from genzoo.data.dataset import Dataset
from genzoo.data.encode_dataset import encode_dataset
from genzoo.data.open_dataset import open_dataset
from genzoo.data.refuse_before_decoding import Outline
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.errors import DataError, UsageError
from genzoo.model.through import latent_contract
from genzoo.training.built_task import Task
from genzoo.training.planned_run import PlannedRun, check_batch
from genzoo.training.reporter import Reporter
from genzoo.training.run_folder import RunRecord
from genzoo.training.training_config import DataConfig


def load_data(
    planned: PlannedRun,
    reporter: Reporter,
    classes: Sequence[str] | None = None,
    processes: ProcessGroup = SINGLE_PROCESS,
) -> Dataset:
    """Open a run's data and pass on what there is to say about it.

    Args:
        planned: Which data, and of which kind.
        reporter: Hears of skipped files and the like.
        classes: Numbers the labels; by default the data's own classes do.
        processes: The processes that open it; one on each machine decodes it.

    Raises:
        DataError: It cannot be read, or is not the same everywhere.
        UsageError: There is no such data, or they were arrays in memory, or an autoencoder that is
            trained through does not take them.
    """
    data, wanted = planned.data, planned.plan.data
    if isinstance(data, str) and data == IN_MEMORY:
        raise UsageError(
            "The run learns from arrays that were in memory.",
            "Give them again to genzoo.train(data=..., resume=...), or save them as .npz and say "
            "where: genzoo train ARCHITECTURE FILE --resume RUN",
        )
    _check_latents(wanted)
    kind = planned.kind
    with processes.one_by_one():
        dataset = open_dataset(
            data,
            kind,
            conditional=wanted.conditional,
            classes=classes,
            registry=planned.registry,
            progress=lambda what, done, total: reporter.decoding(done, total),
            stream=wanted.stream,
            note=reporter.note,
            window=wanted.window,
            check=lambda known: refuse_early(planned, known, processes),
        )
        if planned.through is not None:
            dataset = encode_dataset(
                dataset,
                planned.through.load(dataset.spec),
                planned.through.source,
                flips=wanted.flips,
                encoded=reporter.encoding,
            )
    check_same_data(processes, dataset.fingerprint)
    for note in dataset.notes:
        reporter.note(note)
    return dataset


def refuse_early(
    planned: PlannedRun, known: Outline, processes: ProcessGroup = SINGLE_PROCESS
) -> None:
    """Refuse what `open_session` would, as far as the options and the listing of the data tell.

    Raises:
        CapabilityError, UsageError: As `open_session`.
    """
    config = planned.plan.training
    if known.most is not None:
        check_batch(config, known.most, processes)
    spec = known.spec
    if planned.through is not None:
        spec = latent_contract(planned.through.load(spec), spec.classes)
    Task.build(planned, spec, known.most or config.batch_size).fresh_parts()


def _check_latents(wanted: DataConfig) -> None:
    """Refuse options that do not go together.

    Raises:
        UsageError: Says which.
    """
    if wanted.through is None and wanted.flips:
        raise UsageError(
            "--flips is of latents, which are learnt with --through alone.",
            "Add --through MODEL, or leave it out.",
        )
    if wanted.through is not None and wanted.stream:
        raise UsageError(
            "Latents are encoded once and kept, and cannot be streamed.", "Leave --stream out."
        )


def check_same_data(processes: ProcessGroup, fingerprint: str) -> None:
    """Refuse data that differ between the processes.

    Raises:
        DataError: They do, such as a folder of the same name on another machine.
    """
    if len(set(processes.gather(fingerprint))) > 1:
        raise DataError(
            "The processes see different data under the same name.",
            "Put the same files on every machine, or use a folder that all of them share.",
        )


def data_gone(record: RunRecord, run: Path) -> UsageError:
    """The error for data that are not where a run had them."""
    plan = record.plan
    return UsageError(
        f"The data of {run} are not at '{plan.data.data}' any more.",
        f"Say where they are: genzoo train {plan.architecture.rpartition('/')[2]} DATA "
        f"--resume {run}",
    )
