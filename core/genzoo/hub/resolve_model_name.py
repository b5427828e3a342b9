"""From what a user calls a model to its folder. Imports no torch."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genzoo.artifact.format import CONFIG
from genzoo.errors import (
    AmbiguousNameError,
    ArtifactError,
    HubError,
    UnknownNameError,
    unknown_name,
)
from genzoo.hub.cache import find_cached
from genzoo.hub.reference import HubReference, as_reference
from genzoo.progress import Progress, silent
from genzoo.records import ModelSpec
from genzoo.registry import Entry, Registry

_PATH_SIGNS = (".", "~", "/", os.sep)


@dataclass(frozen=True)
class FoundModel:
    """Where a model is.

    Attributes:
        name: As the user said it.
        folder: The artifact.
        origin: Whether the name was read as a path, as one of the zoo or as one of the Hub.
    """

    name: str
    folder: Path
    origin: Literal["path", "zoo", "hub"]


def find_model(name: str | Path, registry: Registry, progress: Progress = silent) -> FoundModel:
    """Find the artifact that `name` means: a path, a run's folder, a name of the zoo or of the Hub.

    A `Path`, and a string that begins with `.`, `~` or a slash, is always a path. A model of the
    Hub is pulled unless it was before; the Hub is not asked for what is cached.

    Args:
        name: What the user said.
        registry: The zoo.
        progress: Hears how far a pull is.

    Raises:
        AmbiguousNameError: It means more than one of these, or is of two distributions.
        ArtifactError: The folder holds no model, or the Hub's is refused.
        HubError: It is to be pulled, and the Hub cannot be reached.
        UnknownNameError: It is none of them; carries suggestions.
    """
    text = str(name)
    path = Path(text).expanduser()
    if isinstance(name, Path) or text.startswith(_PATH_SIGNS) or path.is_absolute():
        return FoundModel(text, artifact_folder(path), "path")
    in_zoo = text in registry[ModelSpec] or text in _short_names(registry)
    reference = as_reference(text)
    cached = find_cached(reference) if reference else None
    if sum((path.exists(), in_zoo, cached is not None)) > 1:
        raise _ambiguous(text, registry, path.exists(), in_zoo, reference if cached else None)
    if in_zoo:
        return FoundModel(
            text, zoo_folder(registry[ModelSpec].find(text), registry, progress), "zoo"
        )
    if path.exists():
        return FoundModel(text, artifact_folder(path), "path")
    if reference is not None:
        return FoundModel(text, _pulled(text, reference, registry, progress), "hub")
    raise unknown_name("model", text, registry[ModelSpec].names(), "A folder is said as ./FOLDER.")


def hub_folder(reference: HubReference, registry: Registry, progress: Progress = silent) -> Path:
    """The artifact of a model on the Hub, pulled unless it is cached.

    Raises:
        ArtifactError: What was pulled was altered since, or the Hub's is refused.
        HubError, StorageError, UnknownNameError: It cannot be pulled.
    """
    found = find_cached(reference)
    from genzoo.hub.pull_record import check_pulled

    if found is not None:
        return check_pulled(found, reference)

    from genzoo.artifact.describe import weight_names
    from genzoo.hub.pull import fetch

    return fetch(reference, progress, weight_names(registry))


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
            f"Go on with it: genzoo train --resume {shlex.quote(str(path))}",
        )
    raise ArtifactError(
        f"'{path}' holds no model: it has no {CONFIG}.", "Name the folder of a model or of a run."
    )


def _pulled(name: str, reference: HubReference, registry: Registry, progress: Progress) -> Path:
    """`hub_folder`, for a name that may as well be a misspelt path."""
    try:
        return hub_folder(reference, registry, progress)
    except (HubError, UnknownNameError) as error:
        hint = f"There is no folder '{name}' here either. {error.hint}"
        raise type(error)(error.message, hint) from error


def zoo_folder(entry: Entry[ModelSpec], registry: Registry, progress: Progress = silent) -> Path:
    """The artifact of a model of the zoo; pulled if it is on the Hub and not cached.

    Raises:
        ArtifactError: It is not on this machine, or the Hub's is refused.
        HubError, StorageError, UnknownNameError: It cannot be pulled.
    """
    reference = as_reference(entry.record.location)
    if reference is not None:
        return hub_folder(reference, registry, progress)
    folder = Path(entry.record.location).expanduser()
    if folder.is_dir():
        return folder
    raise ArtifactError(
        f"The model '{entry.record.name}' is missing from {folder}.",
        f"Install {entry.distribution} again.",
    )


def _short_names(registry: Registry) -> set[str]:
    return {entry.record.name for entry in registry[ModelSpec].values()}


def _ambiguous(
    name: str, registry: Registry, is_path: bool, in_zoo: bool, on_hub: HubReference | None
) -> AmbiguousNameError:
    """Name each reading, and how to say it."""
    readings, ways = [], []
    if is_path:
        readings.append("a folder here")
        ways.append(f"./{name} for the folder")
    if in_zoo:
        entry = registry[ModelSpec].find(name)
        other = entry.full_name if name != entry.full_name else entry.record.name
        readings.append("a model of the zoo")
        ways.append(f"{other} for the model of the zoo")
    if on_hub is not None:
        readings.append("a model of the Hub")
        ways.append(f"{on_hub.repository}@{on_hub.revision} for the model of the Hub")
    return AmbiguousNameError(
        f"'{name}' is both {' and '.join(readings)}.", f"Say {' or '.join(ways)}."
    )
