"""All that a run needs to go on bit for bit, as safetensors and json.

Random streams and the order of the data are functions of the seed and the step, so the step is
their whole state.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from genzoo.artifact.tensors import load_tensors, save_tensors
from genzoo.atomic_files import atomic_folder, remove_folder, remove_leftovers
from genzoo.errors import ArtifactError, CheckpointError

_NAME = re.compile(r"^step-(\d{9})$")
_STATE = "state.json"


@dataclass(frozen=True)
class Checkpoint:
    """A moment of a run.

    Attributes:
        step: Training steps complete.
        drawn: Samples drawn from the data.
        tensors: Tensors by group, then by name; a group is a file.
    """

    step: int
    drawn: int
    tensors: Mapping[str, Mapping[str, Tensor]]


def write_checkpoint(folder: Path, checkpoint: Checkpoint, keep: int) -> Path:
    """Write a checkpoint beside the others and drop all but the newest `keep`.

    It appears under its name only when it is complete and on the disk.

    Raises:
        StorageError: It could not be written; the others are untouched.
    """
    target = folder / f"step-{checkpoint.step:09d}"
    remove_leftovers(target)
    with atomic_folder(target) as temporary:
        sizes = {}
        for group, tensors in checkpoint.tensors.items():
            path = temporary / f"{group}.safetensors"
            save_tensors(path, tensors)
            sizes[group] = path.stat().st_size
        state = {"step": checkpoint.step, "drawn": checkpoint.drawn, "sizes": sizes}
        (temporary / _STATE).write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    for old in list_checkpoints(folder)[:-keep]:
        remove_folder(old)
    return target


def list_checkpoints(folder: Path) -> list[Path]:
    """Complete checkpoints, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.match(path.name) and path.is_dir())


def read_newest(folder: Path) -> tuple[Checkpoint, list[str]]:
    """The newest checkpoint that is whole, and a sentence for each newer one that is not.

    Raises:
        CheckpointError: There is none.
    """
    problems: list[str] = []
    for path in reversed(list_checkpoints(folder)):
        try:
            return read_checkpoint(path), problems
        except CheckpointError as error:
            problems.append(error.message)
    detail = f" {' '.join(problems)}" if problems else ""
    raise CheckpointError(
        f"{folder.parent} has no usable checkpoint.{detail}",
        "Start the run anew in another folder.",
    )


def read_checkpoint(path: Path) -> Checkpoint:
    """Read one checkpoint.

    Raises:
        CheckpointError: A file is missing, cut short or altered in size.
    """
    try:
        state = json.loads((path / _STATE).read_text(encoding="utf-8"))
        tensors = {}
        for group, size in state["sizes"].items():
            file = path / f"{group}.safetensors"
            if file.stat().st_size != size:
                raise CheckpointError(f"{file} is damaged: it should have {size} bytes.")
            tensors[group] = load_tensors(file)[0]
        return Checkpoint(int(state["step"]), int(state["drawn"]), tensors)
    except (OSError, ValueError, KeyError, TypeError, ArtifactError) as error:
        raise CheckpointError(f"The checkpoint {path} is damaged: {error}.") from error
