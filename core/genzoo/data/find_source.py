"""From what the user typed to the source that it means."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from genzoo.data.arrays import ArraySource, read_arrays
from genzoo.data.content_digests import is_settled, remembered, status_of
from genzoo.data.data_source import Source
from genzoo.data.fingerprint import digest, reading_identity
from genzoo.data.folder_listing import check_plain, list_files
from genzoo.data.folder_source import FolderSource
from genzoo.data.given_data import IN_MEMORY, DataLike, given_data
from genzoo.data.hub_datasets import PREFIX, hub_source, is_saved, saved_source
from genzoo.data.raw import RawSamples
from genzoo.data.remote.addresses import is_address
from genzoo.data.remote.connection import shown
from genzoo.data.shard_source import ShardSource
from genzoo.data.shards import ENDING, is_pattern, shards_in, shards_of_pattern
from genzoo.data.split_folders import scan_split
from genzoo.data.split_shards import shards_to_train_on
from genzoo.errors import AmbiguousNameError, DataError, UnknownNameError, UsageError
from genzoo.interfaces.kind import Kind
from genzoo.records import DatasetSpec

Registered = Callable[[str], tuple[DatasetSpec, Callable[[], RawSamples]]]
"""Looks a name up: its record and its loader. Raises UnknownNameError."""


def find_source(
    data: DataLike,
    kind: Kind,
    registered: Registered | None,
    cache: Path,
    note: Callable[[str], None] | None = None,
) -> Source:
    """The source that `data` means; see `open_dataset`."""
    data = given_data(data)
    if isinstance(data, RawSamples):
        return MemorySource(data, kind)
    if isinstance(data, tuple):
        return FolderSource(list_files(data, kind), f"{len(data)} files", kind, cache, note)
    if not str(data):
        raise UsageError("The name of the data is empty.", "Give a folder or a data set.")
    if str(data).startswith(PREFIX):
        return hub_source(str(data), kind, cache)
    if is_address(str(data)):
        raise UsageError(
            f"'{shown(str(data))}' is an address, and can only be streamed.",
            "Add --stream to genzoo train or genzoo evaluate.",
        )
    path = Path(data).expanduser()
    known = _lookup(data, registered) if isinstance(data, str) and registered else None
    if _exists(path):
        if known is not None and path.name == data:
            raise AmbiguousNameError(
                f"'{data}' is both a path here and a registered data set.",
                f"Type ./{data} for the path, or DISTRIBUTION/{data} for the data set.",
            )
        return _from_path(path, str(data), kind, cache, note)
    if is_pattern(str(data)):
        return ShardSource(shards_of_pattern(str(data)), str(data), kind, cache, note)
    if known is not None:
        spec, load = known
        if spec.kind.rpartition("/")[2] != kind.name:
            raise UsageError(
                f"The data set '{data}' holds samples of the kind '{spec.kind}', not '{kind.name}'."
            )
        return ArraySource(load, str(data), kind, partial(_known, spec, load, kind, cache))
    raise _not_found(data, registered)


class MemorySource(ArraySource):
    """Arrays that the caller holds."""

    def __init__(self, raw: RawSamples, kind: Kind) -> None:
        super().__init__(lambda: raw, IN_MEMORY, kind)


def lasting_data(data: DataLike) -> str | tuple[str, ...]:
    """What was given, as a run records it: found from any current folder, arrays apart."""
    data = given_data(data)
    if isinstance(data, RawSamples):
        return IN_MEMORY
    if isinstance(data, tuple):
        return tuple(str(Path(each).expanduser().absolute()) for each in data)
    return str(data.absolute()) if isinstance(data, Path) else lasting_name(data)


def lasting_name(data: str) -> str:
    """What the user typed, as it is found from any current folder."""
    path = Path(data)
    if is_address(data):
        return data
    return str(path.resolve()) if is_pattern(data) or path.exists() else data


def _from_path(
    path: Path, name: str, kind: Kind, cache: Path, note: Callable[[str], None] | None
) -> Source:
    check_plain(path, name)
    shards = shards_in(path, kind) if path.is_dir() else [path]
    if shards and shards[0].suffix.lower() == ENDING:
        shards, said = shards_to_train_on(shards, name)
        source = ShardSource(shards, name, kind, cache, note)
        source.notes = (*said, *source.notes)
        return source
    if is_saved(path, kind):
        return saved_source(path, name, kind, cache)
    if path.is_dir():
        return FolderSource(scan_split(path, name, kind), name, kind, cache, note)
    if path.suffix.lower() in (".npz", ".npy"):
        known = partial(_known_file, path, kind, cache)
        return ArraySource(lambda: read_arrays(path, kind), name, kind, known)
    if path.suffix.lower() in kind.reads and not kind.one_per_file:
        return FolderSource(list_files([str(path)], kind), name, kind, cache, note)
    if path.suffix.lower() in (".zip", ".tgz", ".gz", ".xz", ".bz2", ".7z", ".rar"):
        raise DataError(f"'{name}' is an archive.", "Unpack it and give the folder.")
    raise DataError(
        f"'{name}' is a file, but neither a folder of {kind.array} nor an .npz or .npy file.",
        f"Give a folder, such as '{path.parent}'.",
    )


def _known(
    spec: DatasetSpec,
    load: Callable[[], RawSamples],
    kind: Kind,
    cache: Path,
    find: Callable[[], str],
) -> str:
    """The identity of a registered data set, found again once its version or its code changes."""
    module = getattr(sys.modules.get(load.__module__), "__file__", None)
    code = [status_of(Path(module).stat(), module).hex()] if module else []
    facts = [spec.name, spec.target, spec.version, *reading_identity(kind), *code]
    return remembered(digest(["registered", *facts]), cache, True, find)


def _known_file(path: Path, kind: Kind, cache: Path, find: Callable[[], str]) -> str:
    """The identity of arrays in a file, found again once the file looks changed."""
    status = status_of(path.stat(), str(path.absolute()))
    key = digest(["arrays", status.hex(), *reading_identity(kind)])
    return remembered(key, cache, is_settled(status, time.time()), find)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError as error:
        raise DataError(f"'{path}' cannot be read.", "Check its permissions.") from error
    except OSError:
        return False


def _lookup(
    name: str, registered: Registered
) -> tuple[DatasetSpec, Callable[[], RawSamples]] | None:
    try:
        return registered(name)
    except UnknownNameError:
        return None


def _not_found(data: str | Path, registered: Registered | None) -> UsageError:
    hint = "Check the path."
    if isinstance(data, str) and registered is not None:
        try:
            registered(data)
        except UnknownNameError as error:
            hint = error.hint
    return UnknownNameError(
        f"'{data}' is neither a folder or .npz file here nor a registered data set.", hint
    )
