"""genzoo from Python: load a pretrained model, build a fresh one, train one, judge one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genzoo.data.choose_kind import choose_kind
from genzoo.data.given_data import DataLike
from genzoo.errors import UsageError, unknown_name
from genzoo.plugins.manager import default_manager
from genzoo.records import ArchitectureSpec
from genzoo.registry import Registry, load_target
from genzoo.specs import Config, parse_config
from genzoo.training.reporter import Reporter
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig, data_config

if TYPE_CHECKING:
    from genzoo.training.training_loop import TrainingResult


def train(
    architecture: str | None = None,
    data: DataLike | None = None,
    out: str | Path | None = None,
    *,
    resume: str | Path | None = None,
    objective: str | None = None,
    config: Mapping[str, Any] | None = None,
    objective_config: Mapping[str, Any] | None = None,
    reporter: Reporter | None = None,
    registry: Registry | None = None,
    **options: Any,
) -> TrainingResult:
    """Train a model, with all the processes that `torchrun` started.

    Args:
        architecture: Its name, e.g. `dcgan`.
        data: A folder, an `.npz` file, the name of a data set, a list of files, an array or a
            tensor such as images (N, height, width, channels) uint8, or `RawSamples`, which have
            labels too.
        out: The run's folder: new, or empty. The model is in its `artifact` folder afterwards.
        resume: A run to go on with instead. `data` then says where its data lie now, or gives
            arrays again; of the options, only those that say how long and how often can change.
        objective: How it learns; by default the architecture's own way.
        config: Values for the architecture's options.
        objective_config: Values for the objective's options.
        reporter: Hears of progress.
        registry: Names; by default those of the installed plugins.
        options: Fields of `TrainingConfig` and `DataConfig`, such as `steps`, `batch_size`, `seed`,
            `kind` and `conditional`, and options of the kind, such as `size` of images.

    Raises:
        GenzooError: Names, options or data that do not fit; nothing is written then.
    """
    from genzoo.distributed.process_group import joined_process_group
    from genzoo.training.begin_and_resume import resume_run, train_run

    known = _known(registry)
    if resume is not None:
        if out is not None or objective is not None or config or objective_config:
            raise UsageError(
                "A resumed run goes on with what it began with.",
                "Leave out, objective and both configs out.",
            )
        with joined_process_group() as processes:
            heard = reporter if processes.is_main else None
            return resume_run(Path(resume), known, heard, options, processes, data, architecture)
    if architecture is None or data is None or out is None:
        raise UsageError(
            "An architecture, data and a folder for the run are needed.",
            "Write genzoo.train('convgan', 'photos/', 'runs/photos'), or resume='runs/photos'.",
        )
    plan = RunPlan(
        architecture=architecture,
        architecture_config=dict(config or {}),
        objective=objective,
        objective_config=dict(objective_config or {}),
        **_plan_options(known, architecture, data, options),
    )
    with joined_process_group() as processes:
        heard = reporter if processes.is_main else None
        return train_run(plan, Path(out).expanduser(), known, heard, processes, data)


def _plan_options(
    registry: Registry, architecture: str, data: DataLike, options: Mapping[str, Any]
) -> dict[str, Config]:
    """Sort options into those of the training and those of the data.

    Raises:
        ConfigError: A value out of bounds.
        UnknownNameError: Neither has an option of that name.
    """
    from genzoo.data.find_source import lasting_data

    named = str(data) if isinstance(data, str | Path) else lasting_data(data, registry)
    entry = registry[ArchitectureSpec].find(architecture)
    kind = load_target(choose_kind(registry, entry, data, options.get("kind")).record.config)
    training = TrainingConfig.model_fields
    source = {*DataConfig.model_fields, *kind.model_fields} - {"data", "options"}
    for name in options:
        if name not in training and name not in source:
            raise unknown_name("training option", name, [*training, *source])
    rest = {name: value for name, value in options.items() if name in training}
    chosen = {name: value for name, value in options.items() if name not in training}
    return {
        "data": data_config({"data": named, **chosen}, kind),
        "training": parse_config(TrainingConfig, rest, "training"),
    }


def _known(registry: Registry | None) -> Registry:
    return default_manager().registry if registry is None else registry
