"""From a checkpoint that a plugin knows to an artifact."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from genzoo import (
    ArtifactError,
    Blueprint,
    ForeignCheckpoint,
    Model,
    plain_modes,
    recognise_checkpoint,
)
from genzoo_import.foreign_content import foreign_content
from genzoo_import.weight_files import SAFETENSORS, check_sharing, open_pickle, read_file


@dataclass(frozen=True)
class Checkpoint:
    """A file that a plugin knows.

    Attributes:
        path: Where it is.
        sha256: Hash of its content.
        blueprint: The model.
        foreign: Its weights, and what else is in the file.
    """

    path: Path
    sha256: str
    blueprint: Blueprint
    foreign: ForeignCheckpoint


@plain_modes()
def find_checkpoint(path: Path, classes: Sequence[str] = ()) -> Checkpoint:
    """Read a file whose architecture, options and classes are in it.

    Args:
        path: A pickle, or a file that torch saved.
        classes: Class names in label order, in the place of those in the file.

    Raises:
        ArtifactError: The file is refused, or no plugin knows such a checkpoint.
        UsageError: There are more or fewer classes than names.
    """
    data = read_file(path)
    found = None
    if path.suffix.lower() != SAFETENSORS:
        content = foreign_content(open_pickle(path, data), path)
        found = recognise_checkpoint(content, path, classes=classes)
    if found is None:
        raise ArtifactError(
            f"'{path}' does not say what it is of, or no plugin knows it.",
            "Say what the weights are of with --architecture.",
        )
    foreign = found[1]
    check_sharing(path, len(data), (foreign.weights, *foreign.train.values()))
    return Checkpoint(path, hashlib.sha256(data).hexdigest(), *found)


@plain_modes()
def write_checkpoint(found: Checkpoint, folder: Path, *, licence: str = "") -> Model:
    """Write the model as an artifact, with a preview, golden samples and what trains on.

    Raises:
        ArtifactError: The weights do not fit, or are not finite.
        StorageError: The folder cannot be written.
        UsageError: `folder` holds something else.
    """
    foreign = found.foreign
    state = {f"parts.{name}": _plain(tensor) for name, tensor in foreign.weights.items()}
    model = found.blueprint.fill(state, found.path)
    facts: dict[str, Any] = {"imported_from": found.path.name, "imported_sha256": found.sha256}
    found.blueprint.save(
        model, folder, facts={**facts, **foreign.notes}, licence=licence, train=_train(foreign)
    )
    return model


def _train(foreign: ForeignCheckpoint) -> dict[str, dict[str, Tensor]] | None:
    return {
        name: {key: _plain(tensor) for key, tensor in state.items()}
        for name, state in foreign.train.items()
    } or None


def _plain(tensor: Tensor) -> Tensor:
    return tensor.float().contiguous() if tensor.is_floating_point() else tensor.contiguous()
