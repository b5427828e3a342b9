"""Which registered data source some data are of, and opening it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from genzoo.errors import AmbiguousNameError, GenzooError, PluginError
from genzoo.interfaces.data_source import DataSource, DecodedSource, FileSource, SourceRequest
from genzoo.plugin_safety.plugin_errors import one_line
from genzoo.records import DataSourceSpec
from genzoo.registry import Entry, Registry, load_target

Source = Entry[DataSourceSpec]


def address_source(data: str, registry: Registry) -> Source | None:
    """The source of an address: that with the longest prefix with which `data` begins.

    Raises:
        AmbiguousNameError: Two have the same prefix.
    """
    entries = list(registry[DataSourceSpec].values())
    lengths = [_prefix(data, entry) for entry in entries]
    longest = max(lengths, default=0)
    found = zip(entries, lengths, strict=True)
    return _only([entry for entry, length in found if length == longest > 0], data)


def path_source(request: SourceRequest, registry: Registry, is_file: bool) -> Source | None:
    """The source of a file that is there, by its ending, or of what a source's `matches` knows.

    Args:
        request: Which data.
        registry: Where sources are registered.
        is_file: Whether the data are a file that is there.

    Raises:
        AmbiguousNameError: Two sources take it for theirs.
    """
    return _only(
        [
            entry
            for entry in registry[DataSourceSpec].values()
            if (is_file and request.data.lower().endswith(tuple(entry.record.endings)))
            or _matches(entry, request)
        ],
        request.data,
    )


def open_registered(entry: Source, request: SourceRequest) -> DataSource:
    """The source of the data asked for.

    Raises:
        GenzooError: As the source says.
        PluginError: Its code fails, or makes something else.
    """
    opener = load_target(entry.record.target)
    try:
        source = opener(request)
    except GenzooError:
        raise
    except Exception as error:
        raise PluginError(
            f"The data source {entry.full_name} failed at '{request.data}': {one_line(error)}.",
            _without(entry),
        ) from error
    if not isinstance(source, FileSource | DecodedSource):
        raise PluginError(
            f"The data source {entry.full_name} made {type(source).__name__}, which is neither a "
            "FileSource nor a DecodedSource.",
            _without(entry),
        )
    return source


def _prefix(data: str, entry: Source) -> int:
    begin = data.lower()
    return max((len(each) for each in entry.record.prefixes if begin.startswith(each)), default=0)


def _matches(entry: Source, request: SourceRequest) -> bool:
    if not entry.record.matches:
        return False
    try:
        return bool(load_target(entry.record.matches)(request.data, request.kind))
    except OSError:
        return False  # there can be nothing of that name
    except Exception as error:  # other data can still be read
        request.note(
            f"The data source {entry.full_name} could not look at the data: {one_line(error)}."
        )
        return False


def _only(entries: Sequence[Source], data: str) -> Source | None:
    if len(entries) > 1:
        raise AmbiguousNameError(
            f"'{data}' is read by more than one data source: {_names(entries)}.",
            f"Leave one of them out: genzoo --no-plugin {entries[-1].distribution} ...",
        )
    return entries[0] if entries else None


def _names(entries: Iterable[Source]) -> str:
    return " and ".join(entry.full_name for entry in entries)


def _without(entry: Source) -> str:
    return f"Report it to the authors of {entry.distribution}."
