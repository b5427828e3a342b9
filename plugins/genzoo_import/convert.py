"""From a file of weights to an artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genzoo import ArtifactError, Blueprint, Model, plain_modes
from genzoo_import.find_tensors import Candidate, find_best
from genzoo_import.weight_files import Source, read_source

_NAMED = 5


@dataclass(frozen=True)
class Found:
    """What of a file is which tensor of a model.

    Attributes:
        source: The file.
        candidate: The group of tensors that fits best.
        left_out: Tensors outside that group.
    """

    source: Source
    candidate: Candidate
    left_out: tuple[str, ...]

    @property
    def config(self) -> Mapping[str, Any]:
        """What was given or inferred of the architecture's configuration."""
        return self.candidate.target.blueprint.config

    @property
    def options(self) -> Mapping[str, Any]:
        """What was given or inferred of the kind's options, such as the size of images."""
        blueprint = self.candidate.target.blueprint
        values = blueprint.options_class(**blueprint.options)
        return {name: getattr(values, name) for name in blueprint.options}


@plain_modes()
def find_weights(
    path: Path,
    blueprint: Blueprint,
    *,
    prefix: str = "",
    renames: Mapping[str, str] | None = None,
    ignore_unused: bool = False,
) -> Found:
    """Read a file and find the model's tensors in it.

    Args:
        path: A state dict or checkpoint that torch saved, or a safetensors file.
        blueprint: What the weights are to become.
        prefix: What the names of the wanted tensors begin with; by default every group is tried.
        renames: Names in the model by names in the file, of tensors or layers.
        ignore_unused: A group with more tensors than the model needs may be chosen.

    Raises:
        ArtifactError: The file is refused, or holds nothing like the model.
        ConfigError, SpecError: The weights are of a model that the architecture does not offer.
        UsageError: A name that does not exist, or several groups fit.
    """
    source = read_source(path)
    candidate = find_best(source, blueprint, prefix, renames or {}, ignore_unused)
    seen = {*candidate.match.pairs.values(), *candidate.match.unused}
    left_out = tuple(name for name in source.tensors if name not in seen)
    return Found(source, candidate, left_out)


def check(found: Found, ignore_unused: bool = False) -> None:
    """Refuse what does not fit exactly.

    Raises:
        ArtifactError: Something is missing, unused or cannot be told apart; names it.
    """
    match = found.candidate.match
    expected, tensors = found.candidate.target.shapes, found.source.tensors
    name = found.candidate.target.blueprint.entry.record.name
    missing = [f"{key} {expected[key]}" for key in match.missing]
    unused = [f"{key} {tuple(tensors[key].shape)}" for key in match.unused]
    if missing:
        rest = f"; {_some('not used', unused)}" if unused else ""
        raise ArtifactError(
            f"'{found.source.path}' does not fit {name}: {_some('missing', missing)}{rest}.",
            "See all with --dry-run; say what is what with --rename OLD=NEW, or set the "
            "architecture's options with --set.",
        )
    if match.doubtful:
        raise ArtifactError(
            f"'{found.source.path}' has layers that are alike, in no clear order: "
            f"{', '.join(match.doubtful[:_NAMED])}.",
            "Say what is what with --rename OLD=NEW.",
        )
    if unused and not ignore_unused:
        raise ArtifactError(
            f"'{found.source.path}' holds more than {name} needs: {_some('not used', unused)}.",
            "Leave that out with --ignore-unused.",
        )


@plain_modes()
def write_model(
    found: Found, folder: Path, *, licence: str = "", ignore_unused: bool = False
) -> Model:
    """Write the model as an artifact, with a preview and golden samples.

    Raises:
        ArtifactError: The weights do not fit, or are not finite.
        StorageError: The folder cannot be written.
        UsageError: `folder` holds something else.
    """
    check(found, ignore_unused)
    blueprint = found.candidate.target.blueprint
    model = blueprint.fill(_state(found), found.source.path)
    blueprint.save(model, folder, facts=_facts(found), licence=licence)
    return model


def import_weights(
    file: str | Path,
    architecture: str,
    folder: str | Path,
    *,
    kind: str | None = None,
    parts: Sequence[str] = (),
    config: Mapping[str, Any] | None = None,
    classes: Sequence[str] = (),
    prefix: str = "",
    renames: Mapping[str, str] | None = None,
    ignore_unused: bool = False,
    licence: str = "",
    **options: Any,
) -> Model:
    """A model of weights that another program saved: what `genzoo import` does.

    Args:
        file: A state dict or checkpoint that torch saved, or a safetensors file.
        architecture: What the weights are of, e.g. `dcgan`.
        folder: Where to write the model.
        kind: What it models, for an architecture of several kinds.
        parts: Parts that the weights are of; by default those that sampling needs.
        config: Values of the architecture's options that the weights do not tell.
        classes: Class names in label order.
        prefix: What the names of the wanted tensors begin with.
        renames: Names in the model by names in the file, of tensors or layers.
        ignore_unused: Leave out tensors that the model lacks.
        licence: SPDX identifier of the weights' licence.
        options: The kind's options that the weights do not tell: `size` and `channels` of images.

    Raises:
        ArtifactError: The file is refused, or its weights do not fit.
        ConfigError, SpecError: The weights are of a model that the architecture does not offer.
        StorageError: The folder cannot be written.
        UsageError: An unknown name, weights that fit twice, or a folder of something else.
    """
    blueprint = Blueprint.of(architecture, kind)
    blueprint = replace(
        blueprint,
        parts=tuple(parts) or blueprint.parts,
        config=dict(config or {}),
        options=options,
        classes=tuple(classes),
    )
    found = find_weights(
        Path(file).expanduser(),
        blueprint,
        prefix=prefix,
        renames=renames,
        ignore_unused=ignore_unused,
    )
    place = Path(folder).expanduser()
    return write_model(found, place, licence=licence, ignore_unused=ignore_unused)


def _facts(found: Found) -> dict[str, Any]:
    """Where the weights are from, for the card."""
    facts = {"imported_from": found.source.path.name, "imported_sha256": found.source.sha256}
    prefix = found.candidate.prefix
    return {**facts, "imported_prefix": prefix} if prefix else facts


def _state(found: Found) -> dict[str, Tensor]:
    """The model's tensors, of its names."""
    target, tensors = found.candidate.target, found.source.tensors
    state = {
        f"{target.prefix}{name}": _plain(tensors[key])
        for name, key in found.candidate.match.pairs.items()
    }
    zero = torch.zeros((), dtype=torch.long)
    return state | {f"{target.prefix}{name}": zero for name in found.candidate.match.counters}


def _plain(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype == torch.float64 else tensor.contiguous()


def _some(what: str, names: list[str]) -> str:
    more = len(names) - _NAMED
    shown = ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{len(names)} {what} ({shown})"
