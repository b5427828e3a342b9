"""Which model a checkpoint of another program is of: what plugins say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from genzoo.app.blueprint import Blueprint
from genzoo.app.open_model import known_names
from genzoo.errors import ArtifactError, GenzooError, PluginError, UsageError
from genzoo.interfaces.foreign_checkpoint import ForeignCheckpoint
from genzoo.media.registered_kinds import find_kind, load_kind
from genzoo.plugin_safety.plugin_errors import one_line
from genzoo.records import ArchitectureSpec, CheckpointFormatSpec
from genzoo.registry import Entry, Registry, load_target
from genzoo.specs import SampleSpec, parse_config


def recognise_checkpoint(
    content: Any, path: Path, *, classes: Sequence[str] = (), registry: Registry | None = None
) -> tuple[Blueprint, ForeignCheckpoint] | None:
    """The model that a checkpoint is of, and its weights.

    Args:
        content: What the file says: plain values, tensors and `genzoo.ForeignObject`s.
        path: The file, for errors.
        classes: Class names in label order, in the place of those that it says.
        registry: Names; by default those of the installed plugins.

    Returns:
        None where no plugin knows such a checkpoint.

    Raises:
        ArtifactError: A plugin knows it, and such a model cannot be used.
        PluginError: A plugin's code fails.
        UsageError: There are more or fewer classes than names.
    """
    known = known_names(registry)
    for entry in known[CheckpointFormatSpec].values():
        found = _ask(entry, content, path)
        if found is not None:
            return _blueprint(known, entry, found, path, classes), found
    return None


def _ask(entry: Entry[CheckpointFormatSpec], content: Any, path: Path) -> ForeignCheckpoint | None:
    reader = load_target(entry.record.target)
    try:
        answer = reader(content)
    except GenzooError as error:
        raise ArtifactError(f"'{path}' cannot be used: {error.message}", error.hint) from error
    except Exception as error:
        raise PluginError(
            f"The checkpoint format {entry.full_name} failed: {one_line(error)}."
        ) from error
    if answer is not None and not isinstance(answer, ForeignCheckpoint):
        raise PluginError(f"The checkpoint format {entry.full_name} returned no ForeignCheckpoint.")
    return answer


def _blueprint(
    known: Registry,
    entry: Entry[CheckpointFormatSpec],
    found: ForeignCheckpoint,
    path: Path,
    classes: Sequence[str],
) -> Blueprint:
    try:
        spec = parse_config(SampleSpec, found.sample, "samples")
        architecture = known[ArchitectureSpec].find(found.architecture, near=entry.distribution)
        kind = find_kind(known, spec.kind, architecture.distribution)
        options = load_kind(kind).options_for_spec(spec)
    except GenzooError as error:
        raise ArtifactError(f"'{path}' cannot be used: {error.message}", error.hint) from error
    if classes and len(classes) != len(spec.classes):
        raise UsageError(
            f"'{path}' is of a model of {len(spec.classes)} classes, not of {len(classes)}.",
            "Give --classes as many names.",
        )
    blueprint = Blueprint.of(architecture.full_name, kind.full_name, registry=known)
    return replace(
        blueprint,
        config=found.config,
        options=options.model_dump(mode="json", exclude_defaults=True),
        classes=tuple(classes) or spec.classes,
    )
