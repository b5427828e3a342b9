"""From what the user typed to the source that it means.

In this order: what the caller holds; an address, by how it begins; a path that is there, or a name
of several files, as registered sources say; the paths that genzoo reads itself; a registered data
set.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from genzoo.data.arrays import ArraySource, read_arrays
from genzoo.data.content_digests import remembered
from genzoo.data.data_argument import IN_MEMORY, DataLike, given_data
from genzoo.data.fingerprint import reading_identity
from genzoo.data.folder_listing import check_plain, list_files
from genzoo.data.folder_source import FolderSource
from genzoo.data.registered_sources import address_source, open_registered, path_source
from genzoo.data.split_folders import scan_split
from genzoo.errors import AmbiguousNameError, DataError, UnknownNameError, UsageError
from genzoo.interfaces.data_source import WINDOW, DataSource, RawSamples, SourceRequest
from genzoo.interfaces.kind import Kind
from genzoo.records import DatasetSpec
from genzoo.registry import Registry, load_target


def find_source(
    data: DataLike,
    kind: Kind,
    registry: Registry,
    cache: Path,
    *,
    stream: bool = False,
    window: int = WINDOW,
    note: Callable[[str], None] = lambda text: None,
) -> DataSource:
    """The source that `data` means; see `open_dataset`."""
    data = given_data(data)
    if isinstance(data, RawSamples):
        return MemorySource(data, kind)
    if isinstance(data, tuple):
        return FolderSource(list_files(data, kind), f"{len(data)} files", kind, cache, note)
    if not str(data):
        raise UsageError("The name of the data is empty.", "Give a folder or a data set.")
    request = SourceRequest(str(data), kind, cache, stream, window, note)
    if (address := address_source(request.data, registry)) is not None:
        return open_registered(address, request)
    known = _lookup(data, registry) if isinstance(data, str) else None
    path = Path(data).expanduser()
    there = _exists(path)
    if there:
        if known is not None and path.name == data:
            raise AmbiguousNameError(
                f"'{data}' is both a path here and a registered data set.",
                f"Type ./{data} for the path, or DISTRIBUTION/{data} for the data set.",
            )
        check_plain(path, request.data)
    if (source := path_source(request, registry, there and path.is_file())) is not None:
        return open_registered(source, request)
    if there:
        return _own_source(path, request)
    if known is not None:
        return _registered_arrays(known, request)
    raise _not_found(data, registry)


class MemorySource(ArraySource):
    """Arrays that the caller holds."""

    def __init__(self, raw: RawSamples, kind: Kind) -> None:
        super().__init__(lambda: raw, IN_MEMORY, kind)


def lasting_data(data: DataLike, registry: Registry) -> str | tuple[str, ...]:
    """What was given, as a run records it: found from any current folder, arrays apart."""
    data = given_data(data)
    if isinstance(data, RawSamples):
        return IN_MEMORY
    if isinstance(data, tuple):
        return tuple(str(Path(each).expanduser().absolute()) for each in data)
    if isinstance(data, Path):
        return str(data.absolute())
    if address_source(data, registry) is not None:
        return data
    try:
        path = Path(data)
        return data if not path.exists() and _lookup(data, registry) else str(path.resolve())
    except (OSError, ValueError):
        return data  # no such path can be, as is said where it is opened


def is_known(data: str, registry: Registry) -> bool:
    """Whether that is the name of a registered data set, or an address of a data source."""
    return _lookup(data, registry) is not None or address_source(data, registry) is not None


def _own_source(path: Path, request: SourceRequest) -> DataSource:
    name, kind, cache = request.data, request.kind, request.cache
    if path.is_dir():
        return FolderSource(scan_split(path, name, kind), name, kind, cache, request.note)
    if path.suffix.lower() in (".npz", ".npy"):
        facts = ["arrays", *reading_identity(kind)]
        known = partial(remembered, facts, cache, files=[path])
        return ArraySource(lambda: read_arrays(path, kind), name, kind, known)
    if path.suffix.lower() in kind.reads and not kind.one_per_file:
        return FolderSource(list_files([str(path)], kind), name, kind, cache, request.note)
    if path.suffix.lower() in (".zip", ".tgz", ".gz", ".xz", ".bz2", ".7z", ".rar"):
        raise DataError(f"'{name}' is an archive.", "Unpack it and give the folder.")
    raise DataError(
        f"'{name}' is a file, but neither a folder of {kind.array} nor an .npz or .npy file.",
        f"Give a folder, such as '{path.parent}'.",
    )


def _registered_arrays(spec: DatasetSpec, request: SourceRequest) -> ArraySource:
    """A registered data set; its identity is found again once its version or code changes."""
    name, kind = request.data, request.kind
    if spec.kind.rpartition("/")[2] != kind.name:
        raise UsageError(
            f"The data set '{name}' holds samples of the kind '{spec.kind}', not '{kind.name}'."
        )
    load: Callable[[], RawSamples] = load_target(spec.target)
    module = getattr(sys.modules.get(load.__module__), "__file__", None)
    facts = ["registered", spec.name, spec.target, spec.version, *reading_identity(kind)]
    code = [Path(module)] if module else []
    return ArraySource(load, name, kind, partial(remembered, facts, request.cache, files=code))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError as error:
        raise DataError(f"'{path}' cannot be read.", "Check its permissions.") from error
    except OSError:
        return False


def _lookup(name: str, registry: Registry) -> DatasetSpec | None:
    try:
        return registry[DatasetSpec].find(name).record
    except UnknownNameError:
        return None


def _not_found(data: str | Path, registry: Registry) -> UsageError:
    hint = "Check the path."
    if isinstance(data, str):
        try:
            registry[DatasetSpec].find(data)
        except UnknownNameError as error:
            hint = error.hint
    return UnknownNameError(
        f"'{data}' is neither a folder or .npz file here nor a registered data set.", hint
    )
