"""Which kind of content some data hold. Imports no torch: the command line asks before it runs."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path, PurePath

import numpy as np

from genzoo.data.data_argument import IN_MEMORY, DataLike, given_data
from genzoo.data.folder_listing import files_below
from genzoo.errors import GenzooError, UnknownNameError, UsageError
from genzoo.interfaces.data_source import RawSamples
from genzoo.interfaces.kind import Kind
from genzoo.media.registered_kinds import find_kind, load_kind
from genzoo.records import ArchitectureSpec, DatasetSpec, KindSpec
from genzoo.registry import Entry, Registry, load_target

LOOK = 10_000
"""Files of a folder that are looked at."""


def choose_kind(
    registry: Registry,
    architecture: Entry[ArchitectureSpec],
    data: DataLike | None = None,
    name: str | None = None,
) -> Entry[KindSpec]:
    """The kind that the user named, else that of the data set, else what the architecture models.

    Where it models several, the one whose array the .npz file has, or whose files the folder has.

    Args:
        registry: Where names are looked up.
        architecture: What is to model the data.
        data: What was given, if it is known yet.
        name: The kind that the user named.

    Raises:
        UnknownNameError: There is no such kind.
        UsageError: The data do not show which of the architecture's kinds they are.
    """
    if name is not None:
        return find_kind(registry, name, architecture.distribution)
    if (known := _registered(registry, data)) is not None:
        return find_kind(registry, known.record.kind, known.distribution)
    kinds = architecture.record.kinds
    if len(kinds) == 1:
        return find_kind(registry, kinds[0], architecture.distribution)
    return _seen_in(data, _installed(registry, architecture), architecture)


def choose_kind_without_architecture(
    registry: Registry, data: DataLike, name: str | None, usual: Sequence[str]
) -> Entry[KindSpec]:
    """The kind that the user named, else that of the data set, else what the data show.

    Args:
        registry: Where names are looked up.
        data: What was given.
        name: The kind that the user named.
        usual: Names of kinds, the first of which is meant where the data show nothing.

    Raises:
        UnknownNameError: There is no such kind.
        UsageError: The data do not show what they hold, and no kind is usual.
    """
    if name is not None:
        return find_kind(registry, name)
    if (known := _registered(registry, data)) is not None:
        return find_kind(registry, known.record.kind, known.distribution)
    kinds = list(registry[KindSpec].values())
    found = _most_seen(data, kinds)
    if found is not None:
        return found
    for one in usual:
        with suppress(UnknownNameError):
            return find_kind(registry, one)
    raise UsageError(
        "The data do not show what they hold.", "Say it with --kind, and name an architecture."
    )


def _registered(registry: Registry, data: DataLike | None) -> Entry[DatasetSpec] | None:
    try:
        return registry[DatasetSpec].find(data if isinstance(data, str) else "")
    except UnknownNameError:
        return None


def _installed(registry: Registry, architecture: Entry[ArchitectureSpec]) -> list[Entry[KindSpec]]:
    found = []
    for kind in architecture.record.kinds:
        try:
            found.append(find_kind(registry, kind, architecture.distribution))
        except UnknownNameError:
            continue
    return found


def _seen_in(
    data: DataLike | None, kinds: list[Entry[KindSpec]], architecture: Entry[ArchitectureSpec]
) -> Entry[KindSpec]:
    found = _most_seen(data, kinds)
    if found is not None:
        return found
    models = " and ".join(architecture.record.kinds)
    raise UsageError(
        f"{architecture.record.name} models {models}, and the data do not show which they are.",
        f"Add {' or '.join(f'--kind {kind.record.name}' for kind in kinds)}.",
    )


def _most_seen(data: DataLike | None, kinds: list[Entry[KindSpec]]) -> Entry[KindSpec] | None:
    """The kind that most of the data are of; None where there is no such one."""
    given = None if data is None else given_data(data)
    if isinstance(given, RawSamples):
        counts = [_takes(kind, given) for kind in kinds]
    else:
        names = _names(given)
        counts = [_count(names, load_target(kind.record.target)) for kind in kinds]
    most = max(counts, default=0)
    return kinds[counts.index(most)] if most and counts.count(most) == 1 else None


def _names(data: str | Path | tuple[str, ...] | None) -> list[str]:
    """Names of the arrays of an .npz file, or of files; none of anything else."""
    if isinstance(data, tuple):
        return list(data)
    if not data:
        return []
    path = Path(data).expanduser()
    try:
        if path.is_dir():
            return [entry.name for _, entry in islice(files_below(path), LOOK)]
        if not path.is_file():
            return []
        if not zipfile.is_zipfile(path):
            return [path.name]
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return []


def _takes(kind: Entry[KindSpec], raw: RawSamples) -> int:
    """1 where the kind takes such arrays, else 0."""
    try:
        load_kind(kind).check(np.asarray(raw.samples), IN_MEMORY)
    except GenzooError:
        return 0
    return 1


def _count(names: list[str], kind: type[Kind]) -> int:
    return sum(
        name == f"{kind.array}.npy" or PurePath(name).suffix.lower() in kind.reads for name in names
    )
