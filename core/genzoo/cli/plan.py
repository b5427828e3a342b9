"""From what was typed and a file to the plan of a run. Imports no torch."""

from __future__ import annotations

import itertools
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genzoo.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from genzoo.records import ArchitectureSpec, KindSpec, ObjectiveSpec
    from genzoo.registry import Entry
    from genzoo.training.training_config import RunPlan

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
        raise UsageError(f"'{path}' is no TOML file: {error}.") from error
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


def build_plan(
    architecture: Entry[ArchitectureSpec],
    objective: Entry[ObjectiveSpec],
    kind: Entry[KindSpec],
    starting: Mapping[str, Any],
    sections: Sections,
) -> RunPlan:
    """Validate everything, before anything that takes time.

    Args:
        architecture: What to train.
        objective: How.
        kind: What the data hold.
        starting: Values of the objective's configuration that stand unless others are given.
        sections: What was asked for.

    Raises:
        ConfigError: A value or field that does not fit.
    """
    from genzoo.registry import load_target
    from genzoo.specs import parse_config
    from genzoo.training.training_config import RunPlan, TrainingConfig, data_config

    networks, losses = dict(sections["architecture"]), dict(sections["objective"])
    networks.pop("name", None)
    losses.pop("name", None)
    for entry, values in ((architecture, networks), (objective, {**starting, **losses})):
        what = f"{entry.record.what} {entry.record.name}"
        parse_config(load_target(entry.record.config), values, what)
    return RunPlan(
        architecture=architecture.full_name,
        architecture_config=networks,
        objective=objective.full_name,
        objective_config=losses,
        data=data_config(sections["data"], load_target(kind.record.config)),
        training=parse_config(TrainingConfig, sections["training"], "training"),
    )


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
