"""All that a run needs to go on bit for bit, as safetensors and json.

Random streams and the order of the data are functions of the seed and the step, so the step is
their whole state.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

import torch
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from torch import Tensor

from genzoo.artifact.tensors import load_tensors, refuse_non_finite, save_tensors
from genzoo.distributed.process_group import ProcessGroup
from genzoo.errors import ArtifactError, CheckpointError
from genzoo.system.atomic_files import atomic_folder, remove_folder, remove_leftovers
from genzoo.system.plain_files import read_plain
from genzoo.system.strict_json import parse_json

_NAME = re.compile(r"^step-(\d{9})$")
_STATE = "state.json"


Group = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$")]
"""A name of a group is that of a file in the checkpoint, never of one outside."""


class _State(BaseModel):
    """The content of `state.json`."""

    model_config = ConfigDict(strict=True)

    step: int = Field(ge=0)
    drawn: int = Field(ge=0)
    sizes: dict[Group, int]


class Component(Protocol):
    """A part of a run that a checkpoint keeps, under a name of its own."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """All that it needs to go on, as tensors by name; empty where it has no state."""

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state_dict` returned."""


@dataclass(frozen=True)
class Checkpoint:
    """A moment of a run.

    Attributes:
        step: Training steps complete.
        drawn: Samples drawn from the data.
        tensors: States of the components by name; each is a file.
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
    return sorted(path for path in folder.iterdir() if _is_checkpoint(path))


def _is_checkpoint(path: Path) -> bool:
    return bool(_NAME.match(path.name)) and path.is_dir() and not path.is_symlink()


def read_newest(folder: Path, before: int | None = None) -> tuple[Checkpoint, list[str]]:
    """The newest checkpoint that is whole, and a sentence for each newer one that is not.

    Args:
        folder: Where they are.
        before: Look only at those of fewer steps.

    Raises:
        CheckpointError: There is none.
    """
    problems: list[str] = []
    for path in reversed(list_checkpoints(folder)):
        if before is not None and _step_of(path) >= before:
            continue
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
        CheckpointError: A file is missing, cut short, altered in size, or holds what is not finite.
    """
    try:
        state = _State.model_validate(parse_json(read_plain(path / _STATE)))
        if state.step != _step_of(path):
            raise CheckpointError(f"its name does not fit step {state.step}")
        groups = {group: _read_group(path, group, size) for group, size in state.sizes.items()}
        return Checkpoint(state.step, state.drawn, groups)
    except ValidationError as error:
        reason = f"{_STATE}: {error.errors()[0]['msg']}"
    except (OSError, ValueError, ArtifactError, CheckpointError) as error:
        reason = str(error).rstrip(".")
    raise CheckpointError(f"The checkpoint {path} is damaged: {reason}.")


def _read_group(path: Path, group: str, size: int) -> Mapping[str, Tensor]:
    file = path / f"{group}.safetensors"
    facts = file.lstat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size != size:
        raise CheckpointError(f"'{file}' is not the file of {size} bytes that was written")
    tensors = load_tensors(file)[0]
    refuse_non_finite(tensors, file.name)
    return tensors


def _step_of(path: Path) -> int:
    return int(path.name.removeprefix("step-"))


def share_checkpoint(processes: ProcessGroup, checkpoint: Checkpoint | None) -> Checkpoint | None:
    """Rank 0's checkpoint, or that it has none, in all processes. They need not see its folder."""
    if processes.size == 1:
        return checkpoint
    layout = processes.share(None if checkpoint is None else _layout(checkpoint))
    if layout is None:
        return None
    tensors = checkpoint.tensors if checkpoint else _empty(layout["tensors"])
    processes.broadcast_(tensor for group in tensors.values() for tensor in group.values())
    return Checkpoint(layout["step"], layout["drawn"], tensors)


def _layout(checkpoint: Checkpoint) -> dict[str, Any]:
    tensors = {
        group: {
            name: [str(tensor.dtype).removeprefix("torch."), list(tensor.shape)]
            for name, tensor in tensors.items()
        }
        for group, tensors in checkpoint.tensors.items()
    }
    return {"step": checkpoint.step, "drawn": checkpoint.drawn, "tensors": tensors}


def _empty(layout: dict[str, dict[str, Any]]) -> dict[str, dict[str, Tensor]]:
    return {
        group: {
            name: torch.empty(shape, dtype=getattr(torch, dtype))
            for name, (dtype, shape) in tensors.items()
        }
        for group, tensors in layout.items()
    }
