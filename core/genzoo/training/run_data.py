"""The data of a run: opened, recorded, and said to be gone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from genzoo.data.choose_kind import choose_kind
from genzoo.data.dataset import Dataset
from genzoo.data.find_source import lasting_data
from genzoo.data.given_data import IN_MEMORY, DataLike
from genzoo.data.open_dataset import open_dataset
from genzoo.distributed.process_group import SINGLE_PROCESS, ProcessGroup
from genzoo.errors import DataError, UsageError
from genzoo.media.find_kind import load_kind
from genzoo.records import ArchitectureSpec
from genzoo.registry import Registry
from genzoo.training.refusals import refuse_early
from genzoo.training.reporter import Reporter
from genzoo.training.run_folder import RunRecord
from genzoo.training.training_config import DataConfig, RunPlan


def load_data(
    plan: RunPlan,
    registry: Registry,
    reporter: Reporter,
    classes: Sequence[str] | None = None,
    processes: ProcessGroup = SINGLE_PROCESS,
    data: DataLike | None = None,
) -> Dataset:
    """Open a run's data and pass on what there is to say about it.

    Args:
        plan: Which data, and of which kind.
        registry: Where names are looked up.
        reporter: Hears of skipped files and the like.
        classes: Numbers the labels; by default the data's own classes do.
        processes: The processes that open it; one on each machine decodes it.
        data: The data, where the plan does not name them.

    Raises:
        DataError: It cannot be read, or is not the same everywhere.
        UsageError: There is no such data, or they were arrays in memory.
    """
    data = plan.data.data if data is None else data
    if isinstance(data, str) and data == IN_MEMORY:
        raise UsageError(
            "The run learns from arrays that were in memory.",
            "Give them again to genzoo.train(data=..., resume=...), or save them as .npz and say "
            "where: genzoo train ARCHITECTURE FILE --resume RUN",
        )
    architecture = registry[ArchitectureSpec].find(plan.architecture)
    entry = choose_kind(registry, architecture, data, plan.data.kind)
    with processes.one_by_one():
        dataset = open_dataset(
            data,
            load_kind(entry, plan.data.options),
            conditional=plan.data.conditional,
            classes=classes,
            registry=registry,
            progress=reporter.decoding,
            stream=plan.data.stream,
            note=reporter.note,
            window=plan.data.window,
            check=lambda known: refuse_early(plan, known, registry, processes),
        )
    check_same_data(processes, dataset.fingerprint)
    for note in dataset.notes:
        reporter.note(note)
    return dataset


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


def placed(plan: RunPlan, data: DataLike, registry: Registry) -> DataConfig:
    """A plan's data, where they lie now."""
    return plan.data.model_copy(update={"data": lasting_data(data, registry)})


def data_gone(record: RunRecord, run: Path) -> UsageError:
    """The error for data that are not where a run had them."""
    plan = record.plan
    return UsageError(
        f"The data of {run} are not at '{plan.data.data}' any more.",
        f"Say where they are: genzoo train {plan.architecture.rpartition('/')[2]} DATA "
        f"--resume {run}",
    )
