"""Tables of anybody: how much a file unfolds to is known before it is read as a whole.

Equal values take next to no room in parquet, whatever their number and length, and Arrow may be
compressed. A file may unfold to as much as an .npz file of its size.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genzoo import DataError
from genzoo_sources.messages import one_line

MOST_TIMES, AT_LEAST = 256, 2**26
"""How many times its size a file may unfold to, or this many bytes."""

ROWS = 256
"""Rows that are unfolded at a time, at most."""

WIDTHS = {"BOOLEAN": 0.125, "INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 8}
"""Bytes of a value by its type in parquet."""

PLACE = 4
"""Bytes that say where a value ends, of those whose lengths differ."""

VARYING, FIXED = "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"
"""Types of values in parquet whose length differs, or is a column's own."""

DICTIONARY = 2
"""Number of Arrow's messages that hold a dictionary."""

COMPRESSION = 3
"""Number of the field of Arrow's RecordBatch table that says how its buffers are compressed."""


def check_parquet(path: Path, name: str) -> None:
    """Refuse a parquet file that unfolds to more than it can be meant to hold.

    Args:
        path: The file.
        name: What it is called.

    Raises:
        DataError: It unfolds to more than `MOST_TIMES` its size and `AT_LEAST`, or is damaged.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    size = path.stat().st_size
    most, unfolded = most_bytes(size), 0
    try:
        with ParquetFile(str(path)) as table:
            if _claimed(table) > most:
                raise _too_much(name, size)
            for part in _unfolding(table, str(path), most):
                unfolded += part
                if unfolded > most:
                    raise _too_much(name, size)
    except (ArrowException, OSError) as error:
        raise DataError(f"'{name}' cannot be read: {one_line(error)}.") from error


def check_saved(folder: Path, name: str) -> None:
    """`check_arrow` of all files of a data set that `save_to_disk` wrote.

    Raises:
        DataError: One of them is refused, lies elsewhere or is not there.
    """
    for state in sorted(folder.rglob("state.json")):
        try:
            files = [each["filename"] for each in json.loads(state.read_bytes())["_data_files"]]
            paths = [(state.parent / file).resolve(strict=True) for file in files]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(
                f"'{name}' cannot be loaded: its state.json or a file named there is damaged.",
                "Save the data set again.",
            ) from error
        for path in paths:
            if not path.is_relative_to(folder.resolve()):
                raise DataError(f"'{name}' names a file outside it, which is not opened.")
            check_arrow(path, name)


def check_arrow(path: Path, name: str) -> None:
    """Refuse Arrow files that have to be unfolded: as streams without compression they need not be.

    Raises:
        DataError: It is compressed, no stream, or damaged.
    """
    from pyarrow import ArrowException, memory_map
    from pyarrow.ipc import MessageReader

    try:
        with memory_map(str(path)) as content:
            for message in MessageReader.open_stream(content):
                if message.type != "schema" and _is_compressed(memoryview(message.metadata)):
                    raise DataError(
                        f"'{name}' has compressed Arrow files, which are not read.",
                        "Save it with save_to_disk, or as parquet.",
                    )
    except (ArrowException, OSError, struct.error, IndexError) as error:
        raise DataError(
            f"'{name}' cannot be read: {one_line(error)}.",
            "Arrow files are read as streams: save it with save_to_disk, or as parquet.",
        ) from error


def most_bytes(size: int) -> int:
    """Bytes that a file of that size may unfold to."""
    return max(MOST_TIMES * size, AT_LEAST)


def _claimed(table: Any) -> float:
    """Bytes that the pages and the values of fixed size of a parquet file take at least."""
    pages = values = 0.0
    for column, chunks in _columns(table):
        width = WIDTHS.get(column.physical_type, PLACE)
        width = max(width, column.length or 0) if column.physical_type == FIXED else width
        pages += sum(max(0, chunk.total_uncompressed_size) for chunk in chunks)
        values += width * sum(chunk.num_values for chunk in chunks)
    return max(pages, values, table.metadata.num_rows)


def _unfolding(table: Any, name: str, most: int) -> Iterator[int]:
    """Bytes of the values whose lengths differ, some rows at a time, where they could be many."""
    for column, chunks in _columns(table):
        if column.physical_type != VARYING:
            continue
        longest = max((_longest(chunk) for chunk in chunks), default=0)
        if longest * sum(chunk.num_values for chunk in chunks) <= most // len(table.schema):
            continue
        if column.max_repetition_level:
            yield from _listed(name, column.path)
            continue
        rows = min(ROWS, max(1, most // longest))
        for batch in table.iter_batches(rows, columns=[column.path], use_threads=False):
            yield batch.nbytes


def _listed(path: str, column: str) -> Iterator[int]:
    """Bytes of the values in lists: a row may have any number of them, so equal ones stay one."""
    from pyarrow import compute, types
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path, read_dictionary=[column]) as table:
        for group in range(table.num_row_groups):
            # Of several groups at once the dictionaries could not be joined.
            batches = table.iter_batches(
                ROWS, row_groups=[group], columns=[column], use_threads=False
            )
            for batch in batches:
                values = batch.column(0)
                while not types.is_dictionary(values.type):
                    inner = values.flatten()
                    values = inner[0] if isinstance(inner, list) else inner
                lengths = compute.binary_length(values.dictionary).take(values.indices)
                yield compute.sum(lengths.cast("int64")).as_py() or 0


def _columns(table: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Each column of a parquet file, and what the footer says of its pieces."""
    footer = table.metadata
    for number in range(len(table.schema)):
        groups = range(footer.num_row_groups)
        yield (
            table.schema.column(number),
            [footer.row_group(group).column(number) for group in groups],
        )


def _longest(chunk: Any) -> int:
    """No value is longer than all pages together."""
    return max(1, int(chunk.total_uncompressed_size), int(chunk.total_compressed_size))


def _too_much(name: str, size: int) -> DataError:
    return DataError(
        f"'{name}' has {size:,} bytes and unfolds to more than {MOST_TIMES} times as many.",
        "Write it without compression and without dictionaries, if that is right.",
    )


def _is_compressed(message: memoryview) -> bool:
    """Whether a message of Arrow, a flatbuffer, says that its buffers are compressed."""
    table = _followed(message, 0)
    header = _field(message, table, 2)
    (kind,) = struct.unpack_from("<B", message, _field(message, table, 1))
    batch = _followed(message, header)
    if kind == DICTIONARY:
        batch = _followed(message, _field(message, batch, 1))
    return _field(message, batch, COMPRESSION) != 0


def _followed(message: memoryview, place: int) -> int:
    offset: int = struct.unpack_from("<I", message, place)[0]
    return place + offset


def _field(message: memoryview, table: int, number: int) -> int:
    """Where a field of a table lies; 0 where it is not given."""
    listed = table - struct.unpack_from("<i", message, table)[0]
    (size,) = struct.unpack_from("<H", message, listed)
    if 4 + 2 * number >= size:
        return 0
    (offset,) = struct.unpack_from("<H", message, listed + 4 + 2 * number)
    return table + offset if offset else 0
