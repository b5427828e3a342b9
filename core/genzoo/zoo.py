"""From what a user calls a model to its folder. Imports no torch."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genzoo.artifact.format import CONFIG
from genzoo.errors import AmbiguousNameError, ArtifactError, UnknownNameError, unknown_name
from genzoo.records import ModelSpec
from genzoo.registry import Entry, Registry

_REPOSITORY = re.compile(r"^[\w.-]+/[\w.-]+(@[\w./-]+)?$")
_PATH_SIGNS = (".", "~", "/", os.sep)


@dataclass(frozen=True)
class ResolvedModel:
    """Where a model is.

    Attributes:
        name: As the user said it.
        folder: The artifact.
        origin: Whether the name was read as a path or as one of the zoo.
    """

    name: str
    folder: Path
    origin: Literal["path", "zoo"]


def resolve(name: str | Path, registry: Registry) -> ResolvedModel:
    """Find the artifact that `name` means: a path, a run's folder or a name of the zoo.

    A `Path`, and a string that begins with `.`, `~` or a slash, is always a path.

    Raises:
        AmbiguousNameError: It is both a folder and a name of the zoo, or of two distributions.
        ArtifactError: The folder holds no model.
        UnknownNameError: It is neither; carries suggestions.
    """
    text = str(name)
    path = Path(text).expanduser()
    if isinstance(name, Path) or text.startswith(_PATH_SIGNS) or path.is_absolute():
        return ResolvedModel(text, artifact_folder(path), "path")
    in_zoo = text in registry.models or text in _short_names(registry)
    if path.exists() and in_zoo:
        entry = registry.models.find(text)
        raise AmbiguousNameError(
            f"'{text}' is both a folder here and a model of the zoo.",
            f"Say ./{text} for the folder or {entry.full_name} for the model of the zoo."
            if text != entry.full_name
            else f"Say ./{text} for the folder or {entry.record.name} for the model of the zoo.",
        )
    if in_zoo:
        return ResolvedModel(text, zoo_folder(registry.models.find(text)), "zoo")
    if path.exists():
        return ResolvedModel(text, artifact_folder(path), "path")
    raise _nothing_found(text, registry)


def artifact_folder(path: Path) -> Path:
    """The artifact at `path`: the folder itself, or the one inside a run's folder.

    Raises:
        ArtifactError: There is none.
        UnknownNameError: There is no such folder.
    """
    if not path.exists():
        raise UnknownNameError(f"There is no folder '{path}'.", "Check the path for misspellings.")
    if not path.is_dir():
        raise ArtifactError(f"'{path}' is a file.", "Name the folder of the model that it is in.")
    for folder in (path, path / "artifact"):
        if (folder / CONFIG).is_file():
            return folder
    if (path / "run.json").is_file():
        raise ArtifactError(
            f"The run '{path}' has saved no model yet.",
            f"Go on with it: genzoo train --resume {path}",
        )
    raise ArtifactError(
        f"'{path}' holds no model: it has no {CONFIG}.", "Name the folder of a model or of a run."
    )


def zoo_folder(entry: Entry[ModelSpec]) -> Path:
    """The artifact of a model of the zoo.

    Raises:
        ArtifactError: It is not on this machine.
    """
    folder = Path(entry.record.location).expanduser()
    if folder.is_dir():
        return folder
    if _REPOSITORY.match(entry.record.location):
        raise ArtifactError(
            f"'{entry.record.name}' is on the Hugging Face Hub as {entry.record.location}.",
            "Pulling from the Hub is not supported in this version of genzoo.",
        )
    raise ArtifactError(
        f"The model '{entry.record.name}' is missing from {folder}.",
        f"Install {entry.distribution} again.",
    )


def _short_names(registry: Registry) -> set[str]:
    return {entry.record.name for entry in registry.models.values()}


def _nothing_found(name: str, registry: Registry) -> UnknownNameError:
    if _REPOSITORY.match(name):
        return UnknownNameError(
            f"There is no folder '{name}', and pulling models from the Hugging Face Hub is not "
            "supported in this version of genzoo.",
            "Type 'genzoo models' to see what there is.",
        )
    return unknown_name("model", name, registry.models.names(), "A folder is said as ./FOLDER.")
