"""genzoo from Python: load a pretrained model, build a fresh one, train one, judge one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from genzoo.app.open_model import open_model
from genzoo.data.choose_kind import choose_kind
from genzoo.data.given_data import DataLike
from genzoo.errors import UsageError, unknown_name
from genzoo.media.find_kind import kind_of_model, load_kind, sample_contract
from genzoo.media.save_samples import save_samples
from genzoo.model.build import build_model
from genzoo.model.model import Model
from genzoo.model.reshape import reshape
from genzoo.plugins.manager import default_manager
from genzoo.records import ArchitectureSpec
from genzoo.registry import Registry, load_target
from genzoo.specs import Config, parse_config
from genzoo.training.reporter import Reporter
from genzoo.training.training_config import DataConfig, RunPlan, TrainingConfig, data_config

if TYPE_CHECKING:
    from torch import Tensor

    from genzoo.training.training_loop import TrainingResult


def load(
    model: str | Path, *, device: str | torch.device = "cpu", registry: Registry | None = None
) -> Model:
    """Load a pretrained model, ready to sample.

    Args:
        model: A name of the zoo, or the folder of a model or of a run. A `Path` is always a folder.
        device: Where to put it.
        registry: Names; by default those of the installed plugins.

    Raises:
        ArtifactError: It is damaged, altered or of a newer format.
        PluginError: Its architecture is not installed; says how to install it.
        UnknownNameError: There is no such model.
        UsageError: The name has two readings, or there is no such device.
    """
    return open_model(model, registry).load(device)


def build(
    architecture: str,
    *,
    kind: str | None = None,
    classes: Sequence[str] = (),
    config: Mapping[str, Any] | None = None,
    seed: int = 0,
    registry: Registry | None = None,
    **options: Any,
) -> Model:
    """A freshly initialised model, with all its parts.

    Args:
        architecture: Its name, e.g. `dcgan`.
        kind: What it models, for an architecture that can model several kinds.
        classes: Class names in label order, for a conditional model.
        config: Values for the architecture's options; the others keep their defaults.
        seed: Names the initialisation; global random state is neither used nor moved.
        registry: Names; by default those of the installed plugins.
        options: The kind's options: `size` (default 64) and `channels` (default 3) of images.

    Raises:
        SpecError: The architecture cannot model such samples.
        UsageError: An unknown name or option, or a value out of bounds.
    """
    known = _known(registry)
    entry = choose_kind(known, known[ArchitectureSpec].find(architecture), name=kind)
    bound = load_kind(entry, options)
    sample = sample_contract(bound, classes)
    return build_model(known, architecture, sample, config or {}, seed, kind=bound)


def save(
    samples: Tensor,
    model: Model,
    path: str | Path,
    *,
    columns: int | None = None,
    registry: Registry | None = None,
) -> Path:
    """Write samples of any kind to `path`, and return it.

    A file shows or holds all of them, as its ending says; a folder, there or new, gets one file
    for each; an `.npz` gets them in the units of the data. `model.kind.endings` are those that its
    kind can write.

    Args:
        samples: (N, *sample shape) in the range of the model's samples.
        model: What made them, or reads such.
        path: Where.
        columns: Samples in a row, for kinds that have rows, such as images.
        registry: Names; by default those of the installed plugins.

    Raises:
        SpecError: They do not have the shape of the model's samples.
        StorageError: The file cannot be written.
        UsageError: There is no sample, or the file's ending is not known.
    """
    place = Path(path).expanduser()
    kind = kind_of_model(model, _known(registry))
    # An autoencoder of images of any size gives others than its own.
    shape = tuple(samples.shape[1:])
    made = reshape(model, shape) if model.architecture.any_shape and len(samples) else model
    save_samples(samples, kind, made.sample_spec, place, columns)
    return place


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

    named = str(data) if isinstance(data, str | Path) else lasting_data(data)
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
