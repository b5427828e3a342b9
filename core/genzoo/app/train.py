"""Training from Python: begin a run, or go on with one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genzoo.app.choose_recipe import choose_recipe
from genzoo.app.open_model import known_names, open_model
from genzoo.app.plan_training import plan_of_options
from genzoo.app.starting_model import architecture_of, starting_model
from genzoo.data.data_argument import DataLike
from genzoo.distributed.process_group import joined_process_group
from genzoo.errors import UsageError
from genzoo.registry import Registry
from genzoo.training import begin_and_resume
from genzoo.training.reporter import Reporter

if TYPE_CHECKING:
    from genzoo.training.training_loop import TrainingResult


def train(
    architecture: str | None = None,
    data: DataLike | None = None,
    out: str | Path | None = None,
    *,
    resume: str | Path | None = None,
    start_from: str | Path | None = None,
    partial: bool = False,
    objective: str | None = None,
    config: Mapping[str, Any] | None = None,
    objective_config: Mapping[str, Any] | None = None,
    reporter: Reporter | None = None,
    registry: Registry | None = None,
    **options: Any,
) -> TrainingResult:
    """Train a model, with all the processes that `torchrun` started.

    Args:
        architecture: Its name, e.g. `dcgan`; by default the best recipe for the data says it.
        data: A folder, an `.npz` file, the name of a data set, a list of files, an array or a
            tensor such as images (N, height, width, channels) uint8, or `RawSamples`, which have
            labels too.
        out: The run's folder: new, or empty. The model is in its `artifact` folder afterwards.
        resume: A run to go on with instead. `data` then says where its data lie now, or gives
            arrays again; of the options, only those that say how long and how often can change.
        start_from: A model whose weights training begins with: a name of the zoo or of the Hub, or
            the folder of a model or of a run. Its architecture, its options and the shape of its
            samples are the default.
        partial: Whether weights of it that do not fit are left out instead of refused.
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
    known = known_names(registry)
    if resume is not None:
        if out is not None or objective or config or objective_config or start_from is not None:
            raise UsageError(
                "A resumed run goes on with what it began with.",
                "Leave out, objective, start_from and both configs out.",
            )
        with joined_process_group() as processes:
            heard = reporter if processes.is_main else None
            return begin_and_resume.resume_run(
                Path(resume), known, heard, options, processes, data, architecture
            )
    model = None if start_from is None else open_model(start_from, known)
    if architecture is None and model is not None:
        architecture = architecture_of(model).full_name
    if data is None or out is None:
        raise UsageError(
            "Data and a folder for the run are needed.",
            "Write genzoo.train('convgan', 'photos/', 'runs/photos'), or resume='runs/photos'.",
        )
    recipe = choose_recipe(known, data, options.get("kind")) if architecture is None else None
    sections = recipe.sections(objective) if recipe else {}
    planned = plan_of_options(
        known,
        recipe.architecture.full_name if recipe else str(architecture),
        data,
        {**sections.get("training", {}), **options},
        config={**sections.get("architecture", {}), **(config or {})},
        objective=objective or (recipe.objective.full_name if recipe else None),
        objective_config={**sections.get("objective", {}), **(objective_config or {})},
        starting=None if model is None else starting_model(model, partial),
    )
    with joined_process_group() as processes:
        heard = reporter if processes.is_main else None
        if recipe is not None and heard is not None:
            for line in recipe.told():
                heard.note(line)
        return begin_and_resume.begin_run(planned, Path(out).expanduser(), heard, processes)
