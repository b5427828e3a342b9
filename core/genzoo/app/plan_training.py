"""From what was typed, a file or Python's keywords to a planned run."""

from __future__ import annotations

import itertools
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genzoo.errors import UsageError, unknown_name
from genzoo.records import ArchitectureSpec

if TYPE_CHECKING:
    from genzoo.data.data_argument import DataLike
    from genzoo.records import KindSpec
    from genzoo.registry import Entry, Registry
    from genzoo.training.planned_run import PlannedRun
    from genzoo.training.starting_model import StartingModel

SECTIONS = ("training", "data", "architecture", "objective")

Sections = Mapping[str, Mapping[str, Any]]
"""Values by section and field."""


def read_file(path: Path) -> dict[str, dict[str, Any]]:
    """The tables of a TOML file.

    `[architecture]` and `[objective]` may give a `name` beside their fields, `[data]` gives `data`.

    Raises:
        UsageError: It cannot be read, or has other tables.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"'{path}' cannot be read: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"'{path}' is not a TOML file: {error}.") from error
    for name, table in content.items():
        if name not in SECTIONS:
            raise unknown_name(f"table in {path}", name, SECTIONS)
        if not isinstance(table, dict):
            raise UsageError(f"'{name}' in {path} must be a table: [{name}].")
    return content


def merge(*layers: Sections) -> dict[str, dict[str, Any]]:
    """Values by section; later layers take precedence."""
    return {
        section: {key: value for layer in layers for key, value in layer.get(section, {}).items()}
        for section in SECTIONS
    }


def plan_training(
    registry: Registry,
    architecture: str,
    data: DataLike,
    sections: Sections,
    objective: str | None = None,
    kind: Entry[KindSpec] | None = None,
    starting: StartingModel | None = None,
) -> PlannedRun:
    """Look everything up and validate it, before anything that takes time.

    Args:
        registry: Where names are looked up.
        architecture: What to train.
        data: What to learn from.
        sections: What was asked for; names in it are passed over.
        objective: How it learns; by default the architecture's own way.
        kind: What the data hold, if that was found out.
        starting: The model whose weights the run begins with. Its options, and the shape of its
            samples, are the default.

    Raises:
        ConfigError: A value or field that does not fit.
        UsageError: Names or data that do not fit.
    """
    from genzoo.data.find_source import lasting_data
    from genzoo.media.registered_kinds import kind_config
    from genzoo.specs import parse_config
    from genzoo.training.planned_run import PlannedRun
    from genzoo.training.training_config import RunPlan, TrainingConfig, data_config

    entry = registry[ArchitectureSpec].find(architecture)
    kind = kind or kind_of_run(registry, entry, data, sections.get("data", {}))
    if starting is not None:
        from genzoo.app.starting_model import defaults_of

        sections = merge(defaults_of(starting, entry, kind, sections), sections)
    source = dict(sections.get("data", {}))
    source["data"] = lasting_data(data, registry)
    plan = RunPlan(
        architecture=entry.full_name,
        architecture_config=_fields(sections, "architecture"),
        objective=objective,
        objective_config=_fields(sections, "objective"),
        data=data_config(source, kind_config(kind)),
        training=parse_config(TrainingConfig, sections.get("training", {}), "training"),
    )
    return PlannedRun.begun(plan, registry, data, kind, starting)


def plan_of_options(
    registry: Registry,
    architecture: str,
    data: DataLike,
    options: Mapping[str, Any],
    *,
    config: Mapping[str, Any],
    objective: str | None,
    objective_config: Mapping[str, Any],
    starting: StartingModel | None = None,
) -> PlannedRun:
    """`plan_training`, with the options of the training and of the data side by side.

    Raises:
        ConfigError: A value out of bounds.
        UnknownNameError: Neither has an option of that name.
        UsageError: Names or data that do not fit.
    """
    from genzoo.media.registered_kinds import kind_config
    from genzoo.training.training_config import DataConfig, TrainingConfig

    entry = registry[ArchitectureSpec].find(architecture)
    kind = kind_of_run(registry, entry, data, options)
    training = TrainingConfig.model_fields
    source = {*DataConfig.model_fields, *kind_config(kind).model_fields} - {"data", "options"}
    for name in options:
        if name not in training and name not in source:
            raise unknown_name("training option", name, [*training, *source])
    sections = {
        "training": {name: value for name, value in options.items() if name in training},
        "data": {name: value for name, value in options.items() if name not in training},
        "architecture": config,
        "objective": objective_config,
    }
    return plan_training(registry, entry.full_name, data, sections, objective, kind, starting)


def kind_of_run(
    registry: Registry,
    architecture: Entry[ArchitectureSpec],
    data: DataLike | None,
    options: Mapping[str, Any],
) -> Entry[KindSpec]:
    """What the data hold: what the autoencoder models that is trained through, if there is one.

    Raises:
        GenzooError: There is no such kind or autoencoder, or the data do not show what they hold.
    """
    from genzoo.data.kind_of_data import choose_kind
    from genzoo.training.through_autoencoder import Autoencoder

    if through := options.get("through"):
        return Autoencoder.find(through, registry).kind_entry
    return choose_kind(registry, architecture, data, options.get("kind"))


def _fields(sections: Sections, name: str) -> dict[str, Any]:
    return {key: value for key, value in sections.get(name, {}).items() if key != "name"}


def run_folder(out: Path | None, architecture: str, data: str) -> Path:
    """Where the run goes: `out`, or `runs/ARCHITECTURE-DATA` with a number if that is taken.

    Raises:
        UsageError: `out` holds something already.
    """
    if out is None:
        return _free_folder(architecture, data)
    from genzoo.training.run_folder import RunFolder

    if (out / "run.json").exists():
        raise UsageError(
            f"{out} holds a run already.",
            f"Go on with it: genzoo train --resume {out}, or choose another folder with -o.",
        )
    if not RunFolder(out).is_free:
        raise UsageError(f"{out} is there already.", "Choose another folder with -o.")
    return out


def _free_folder(architecture: str, data: str) -> Path:
    name = re.sub(r"[^A-Za-z0-9._-]", "_", Path(os.path.realpath(data)).stem) or "data"
    base = Path("runs") / f"{architecture.rpartition('/')[2]}-{name}"
    numbered = (base.with_name(f"{base.name}-{number}") for number in itertools.count(2))
    return next(path for path in itertools.chain([base], numbered) if not path.exists())
